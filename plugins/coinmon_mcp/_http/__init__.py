"""The HTTP side: who may ask, health and metrics."""
