"""The audit log: entries, a Merkle tree over them, signed checkpoints, proofs, verification."""
