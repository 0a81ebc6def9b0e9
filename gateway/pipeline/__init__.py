"""Takes one message from submission to outcome. No other package awaits the ports."""
