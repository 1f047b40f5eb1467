"""Recordings: what the venues said, as they said it, in a folder; the format is in docs/recording.md."""
