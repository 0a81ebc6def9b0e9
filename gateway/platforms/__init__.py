"""Routes, and sending to where they lead."""
