"""Tavernlink joins a running SillyTavern to everything else."""

from __future__ import annotations

from tavernlink.version import __version__

__all__ = ["__version__"]
