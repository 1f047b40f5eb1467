"""Who buys and who sells: taker flow, its sums, and what venues say together."""
