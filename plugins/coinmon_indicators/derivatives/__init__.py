"""Perpetuals: open interest, funding, basis, liquidations."""
