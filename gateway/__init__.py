"""avatar-gateway: the trust, safety and disclosure gateway for AI avatars."""
