"""Engines that run Ibis expressions where the facts are, and the files they open."""
