"""`tavernlink chat` on the whole screen: one tavern's open chat.

`app` is the screen, `following` what it knows of the hub; `history` shows the messages that `sdk.Mirror` keeps and what
`growing` is being written, `frame` the lines around them; `composer` and `palette` are where the person types, `slash`
names what can be typed, `deeds` does it, `drafts` keeps what was not sent.
"""
