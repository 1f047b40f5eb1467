"""What rests in the order books."""
