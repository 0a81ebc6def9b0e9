"""The sandbox platform, the sample conversations, and the run that shows them."""
