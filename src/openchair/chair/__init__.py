"""The use cases, over ports: listen, turn, decide, tell."""
