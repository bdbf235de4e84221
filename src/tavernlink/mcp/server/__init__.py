"""The hub as an MCP server: tools, resources and their changes, for `/mcp` (`door`) and for stdio (`stdio`).

What it does is written once, against the SDK's `Hub`: over a wire for stdio, inside the hub's process for `/mcp`.

    server ── toolbox ── {talking, looking, acting, functions}   each a table of `Tool`s
           ├─ resources                                         chats, characters, lorebooks by address
           └─ changes                                           which lists and resources changed

This package imports the official SDK: whoever imports one of its modules pays the second that takes.
"""
