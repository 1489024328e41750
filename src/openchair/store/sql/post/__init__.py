"""What comes in and waits for history, and what goes out and waits for its time."""
