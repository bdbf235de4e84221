"""Keeps SillyTavern tabs open in headless browsers, so that a hub has a tavern without a person at a screen.

`Tab` is one open tab (tests and the demo drive it), `Keeper` what `tavernlink tab` runs: several of them, watched, and
shown to the hub's programs. It acts as a careful person would: it opens the page, logs in, answers the first-run
question, opens a character, connects a model where asked. What Tavernlink does inside the page is the extension's
business, not this package's.
"""

from tavernlink.tab.browser import find_browser
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.keeper import Keeper, run_forever
from tavernlink.tab.options import TabOptions
from tavernlink.tab.tab import Tab

__all__ = ["BrowserTabError", "Keeper", "Tab", "TabOptions", "find_browser", "run_forever"]
