"""A running scan on standard output: tables, plain lines, JSON lines."""
