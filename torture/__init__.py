"""Crash safety, tried: the gateway killed or failed at each call in the path of a message.

`make torture` runs all of it; docs/reliability.md tells what is promised and what was found.
"""
