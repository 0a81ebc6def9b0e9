"""Policy engines, the input document that they evaluate, and the phrase search behind it."""
