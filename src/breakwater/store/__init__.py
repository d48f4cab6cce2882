"""The store: the only SQL for our own data."""
