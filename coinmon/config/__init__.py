"""The configuration: where its values come from, what they may be, and what they come to."""
