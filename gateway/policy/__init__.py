"""What may be said: the document that policies see, the engines that judge it, phrase lists."""
