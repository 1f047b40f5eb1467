"""Swings, breaks, sweeps and where stops rest."""
