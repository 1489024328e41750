"""What customers need and do not get: ranked, and worked backwards from."""
