"""Breaks of structure and touches of key levels."""
