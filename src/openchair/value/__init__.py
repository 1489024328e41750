"""What a customer is worth: as one who spends, and as one who sends others."""
