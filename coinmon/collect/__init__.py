"""Bringing the store up to the last closed minute."""
