"""How long the browser tests wait, in seconds.

The machine may be busy with anything: these bound what would never come, not how long something takes.
"""

from __future__ import annotations

PATIENCE = 60.0
"""For what a page, a hub, a program or a reply is about to do."""
LOAD_SECONDS = 180.0
"""For a page of SillyTavern, which takes ten seconds of a whole processor, and for what must load one first."""
TEST_SECONDS = 240
"""For a whole test that does not say otherwise; its set-up is not counted."""
