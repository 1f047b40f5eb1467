"""Recordings as a market."""
