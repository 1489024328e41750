"""Surveys: made, sent to some, answered."""
