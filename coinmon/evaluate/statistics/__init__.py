"""Intervals and shifts: what can be said of a few outcomes."""
