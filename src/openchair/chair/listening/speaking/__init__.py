"""Who of the team speaks with whom: calls of the week, cases of the unhappy, and what was said."""
