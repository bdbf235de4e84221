"""Keeps a SillyTavern tab open in a headless browser, so that a hub has a tavern without a person at a screen.

`Tab` is one open tab (tests and the demo drive it), `run_forever` the loop of `tavernlink tab`. It acts as a careful
person would: it opens the page, answers the first-run question, opens a character, connects a model where asked.
What Tavernlink does inside the page is the extension's business, not this package's.
"""

from tavernlink.tab.browser import find_browser
from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.keeper import run_forever
from tavernlink.tab.options import TabOptions
from tavernlink.tab.tab import Tab

__all__ = ["BrowserTabError", "Tab", "TabOptions", "find_browser", "run_forever"]
