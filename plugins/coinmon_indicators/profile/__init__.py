"""Volume and time at price: profiles, value areas and the levels that come of them."""
