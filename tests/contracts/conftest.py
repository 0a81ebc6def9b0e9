"""Every adapter of a port passes that port's suite here."""

from tests.stores import clock, place, reopen, samples, store, url

__all__ = ["clock", "place", "reopen", "samples", "store", "url"]
