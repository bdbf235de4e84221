"""How the hub is doing, in figures, and who talks to whom; for the console's overview and `tavernlink top`."""
