"""How the shipped toxicity weights were made. Start with README.md."""
