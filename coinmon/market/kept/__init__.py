"""What a scan keeps of the markets that it follows, from one cycle to the next."""
