"""`make bench-peers`: the same messages through other people's filters and through ours."""
