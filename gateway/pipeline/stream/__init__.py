"""Text that comes piece by piece: held back, judged sentence by sentence, then released."""
