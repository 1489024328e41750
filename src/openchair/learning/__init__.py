"""What came of decisions, and what to believe of actions because of it."""
