"""Voices: sentences, languages, meanings as vectors, themes, what a sentence is, how it feels."""
