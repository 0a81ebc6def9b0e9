"""The story of one message: the only room that awaits the ports."""
