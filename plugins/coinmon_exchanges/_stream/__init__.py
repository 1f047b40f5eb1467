"""A venue's websockets: connections, batches of messages, local order books."""
