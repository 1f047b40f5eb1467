"""Hyperliquid's perpetuals."""
