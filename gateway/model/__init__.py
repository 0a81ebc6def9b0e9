"""The values that pass between rooms: frozen, standard library alone."""
