"""Asking: what a survey is, what an answer to it may be, whom to ask."""
