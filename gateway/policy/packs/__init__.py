"""Policy packs as written: files, syntax, signatures, and what both engines read alike."""
