"""What plugins look at: the store, as of a moment."""
