"""Listening: scores, surveys, voices, cases and calls, as use cases of the chair."""
