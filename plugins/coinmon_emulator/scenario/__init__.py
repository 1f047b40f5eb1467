"""Made-up markets from a seed, and the events planted in them."""
