"""Resting orders: depth near the price and where liquidity has been."""
