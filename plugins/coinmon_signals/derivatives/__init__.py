"""Open interest, funding, hedges and liquidations."""
