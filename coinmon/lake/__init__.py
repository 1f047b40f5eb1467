"""The lake: what is stored, as Parquet files by venue, pair and month; and what notebooks read of it."""
