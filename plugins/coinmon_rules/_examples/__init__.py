"""Examples beside rules: read, and tried."""
