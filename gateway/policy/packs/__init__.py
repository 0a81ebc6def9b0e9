"""Policy packs as written: files, syntax, signatures, and the Rego that both engines read alike."""
