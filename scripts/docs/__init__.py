"""Builds the documentation site: docs/ → src/tavernlink/_docs, which the hub serves at `/docs`."""
