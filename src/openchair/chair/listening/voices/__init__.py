"""What customers say: read, gathered into themes, told, corrected."""
