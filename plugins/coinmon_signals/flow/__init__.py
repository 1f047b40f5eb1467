"""What takers do: flow, consensus of venues, whales, bursts."""
