"""The audit log: entries, a Merkle tree over them, signed checkpoints, proofs, verification.

`gateway.verifier` reads what this package writes and has its own copies of the formats (signed
notes, the tree, the evidence file). The copies are intended: a defect here must not hide itself
from auditors, and the verifier must be readable alone.
"""
