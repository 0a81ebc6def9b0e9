"""Commands of policy authors: `avatar-gateway policy …`."""
