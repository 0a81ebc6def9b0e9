"""What keeps texts secret and erasable: keys, sealing, keyed digests."""
