"""Ids, money, clock, estimates, errors and settings: what every room needs and none owns."""

VERSION = "0.1.0"
"""Of the program; pyproject.toml says the same, and a test holds the two together."""
