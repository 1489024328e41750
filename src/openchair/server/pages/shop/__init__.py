"""The house: what can be done for customers, files in, and what was agreed and looked at."""
