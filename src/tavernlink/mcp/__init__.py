"""The Model Context Protocol, both ways: `server` shows the hub to MCP clients, `client` brings MCP servers to the hub.

Both stand on the official SDK (the package `mcp`), which takes a second to import. So nothing imports it before it is
needed: the server's door at its first request, the client where the settings name a server.
"""
