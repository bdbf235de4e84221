"""A complete Tavernlink on one machine without any account: `make demo`, and the ground of the e2e tests.

`model` is a stand-in for a language model, `sillytavern` installs and runs a real SillyTavern, `run` puts both
together with a hub and a headless tab. Nothing in the product imports this package; only the command line does.
"""
