"""The one place that states Tavernlink's version; packaging, the hub and the extension read it from here."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
