"""The fault test: kills, cuts and freezes whatever can be, while apps send and stream, and then counts what is left."""
