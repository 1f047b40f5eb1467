"""The tools that an assistant calls."""
