"""Measurements: the hub against its predecessors and its own past. `make bench` runs them."""
