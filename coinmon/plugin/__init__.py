"""Plugins: their contracts, how they are found, and what their settings are."""
