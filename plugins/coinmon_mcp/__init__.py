"""The MCP server: `coinmon serve`."""
