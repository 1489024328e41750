"""Models of buying: how often a customer buys, and when they stop."""
