"""Somebody else's plugins: one exchange, one indicator, one signal, one output."""
