"""MCP servers as providers of functions: their tools become functions of the hub, and so tools of the models.

servers   which there are, by the settings           ── imports nothing of the SDK
keeper    one of them: started, kept, started again  ──┐
link      one connection to it                         ├ import the SDK, in a thread, when a server is named
results   what a tool answers, as a function's result ─┘
lines     how long a line of a program may be
stderr    what a program complains about
"""
