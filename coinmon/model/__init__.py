"""The vocabulary that the core and every plugin share."""
