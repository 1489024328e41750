"""Who customers are, where they stand, what was said about them, and how they are forgotten."""
