"""Functions: what peers, the hub itself and MCP servers offer by name, and the calls of it."""
