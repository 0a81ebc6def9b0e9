"""A verifier of evidence exports that stands alone.

It imports nothing else of the gateway, and outside the standard library only `cryptography`, so
that an auditor can read all of it and run it anywhere: docs/guides/auditors.md. What it reads is
described in docs/reference/evidence.md.
"""
