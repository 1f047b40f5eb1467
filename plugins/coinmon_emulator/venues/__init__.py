"""A folder a venue: its REST paths, streams, limits and files."""
