"""The sample shop: a snack-box market with known truth, for demos and for tests of what the other rooms learn."""
