"""Indicators and signals run over views."""
