"""OKX spot and swaps."""
