"""What customers said and are asked, and whom to call."""
