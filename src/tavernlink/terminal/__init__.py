"""The terminal's face: `top`, what the hub is doing, live; `chat`, a tavern's open chat on the whole screen.

Written with Textual (docs/adr/0040) against the SDK: whatever is shown here, a program can have too. `face` is what
both screens share (the line to the hub, themes, language); `words` has every text in English and Chinese. Nothing of it
is imported before one of these commands runs.
"""
