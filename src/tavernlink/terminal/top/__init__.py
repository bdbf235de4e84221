"""`tavernlink top`: what the hub is doing, live.

`board` is what is known of the hub, kept up to date by its events and without a line of screen in it; `panels` makes
rows of it, `figures` the tiles with their small charts, `app` is the screen, `snapshot` prints the board once.
"""
