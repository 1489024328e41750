"""Scores as numbers: satisfaction and effort, small groups pooled, weights for who answered, change over time."""
