"""Bybit spot and linear perpetuals."""
