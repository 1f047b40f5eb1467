"""From a signal to a message that arrived."""
