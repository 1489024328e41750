"""What customers say: surveys and their statistics; voices and calls come later."""
