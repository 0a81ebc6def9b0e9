"""Policies in use: reloads, the shadow, the sandbox of creators' own rules."""
