"""Keeps texts secret and erasable: subject keys, sealed payloads, keyed digests."""
