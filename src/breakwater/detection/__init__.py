"""Series and due dates in, findings out: pure, and causal (nothing later than the moment asked about is ever used)."""
