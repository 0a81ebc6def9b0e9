"""The training of the shipped toxicity weights. Start with README.md."""
