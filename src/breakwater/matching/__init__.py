"""Two sides and an agreement give matches, pending records and breaks."""
