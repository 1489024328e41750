"""Figures as shapes with their places, and in words: pure, for templates to draw."""
