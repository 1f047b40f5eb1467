"""One loopback port: requests, sockets, limits and faults of every venue."""
