"""Reading: one text in, its forms out, each with its way back to what was submitted."""
