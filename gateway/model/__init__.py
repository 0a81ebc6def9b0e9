"""The values that pass between packages: frozen, with the standard library alone."""
