"""The stand-alone verifier of evidence files: docs/guides/auditors.md, docs/reference/evidence.md.

It imports nothing else of the gateway, and besides the standard library only `cryptography`, so
that an auditor can read and run it anywhere. Copies of code in `gateway.trail` are intended: its
docstring says why.
"""
