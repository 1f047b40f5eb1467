"""What price rows of candles say."""
