"""`tavernlink up`: everything that somebody at home needs, in one command."""
