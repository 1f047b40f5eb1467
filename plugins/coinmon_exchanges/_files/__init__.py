"""Files of history: downloaded, inflated and read in blocks."""
