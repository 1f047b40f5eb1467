"""Asking a venue: requests within its budgets, through a proxy, and what its answers mean."""
