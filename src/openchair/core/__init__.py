"""Ids, money, clock, estimates, errors and settings: what every room needs and none owns."""
