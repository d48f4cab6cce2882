"""The arrows of the picture: each function is one thing that happens, in one transaction."""
