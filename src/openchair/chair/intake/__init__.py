"""How facts come in: files, calls, and what Openchair itself has to say."""
