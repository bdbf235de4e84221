"""The hub's own functions: Python files in a folder and installed packages, carried out inside the hub's process."""

from tavernlink.functions.hub_functions import HubFunctions
from tavernlink.functions.library import Library

__all__ = ["HubFunctions", "Library"]
