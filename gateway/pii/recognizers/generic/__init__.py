"""What looks the same in every country."""
