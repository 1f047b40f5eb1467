"""What every venue shows of one market as of a moment."""
