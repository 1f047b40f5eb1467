"""Panels that clients show in the conversation: the protocol's extension for MCP Apps."""
