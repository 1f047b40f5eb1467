"""Recordings of `coinmon record` played back: frames and answers of all venues, byte for byte, at their moments."""
