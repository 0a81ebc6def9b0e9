"""The stand-alone verifier of evidence files: docs/guides/auditors.md, docs/reference/evidence.md.

It imports nothing else of the gateway, and outside the standard library only `cryptography`, so
that an auditor can read all of it and run it anywhere. Code that looks like `gateway.trail` (notes,
the tree) is written a second time on purpose: a defect of the gateway must not hide itself.
"""
