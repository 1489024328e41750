"""Customers: everyone, each on one sheet, what they say, and what they are asked."""
