"""Price rows of candles: footprint, imbalance, absorption, exhaustion, unfinished auctions."""
