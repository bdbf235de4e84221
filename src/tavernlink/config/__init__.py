"""Settings: what can be set, where a value comes from, and how the file is read and written.

`settings` names them all, `sources` reads them, `origins` judges browser pages, `changes` says what a running hub can
take over, `editing` writes the file.
"""

from __future__ import annotations

from tavernlink.config.settings import Settings, SettingsError, is_loopback
from tavernlink.config.sources import FILE_NAME, Loaded, Sources, load_settings

__all__ = ["FILE_NAME", "Loaded", "Settings", "SettingsError", "Sources", "is_loopback", "load_settings"]
