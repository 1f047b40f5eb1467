"""What arrives by itself: trades, books and liquidations of a venue's streams."""
