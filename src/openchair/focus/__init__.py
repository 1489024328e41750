"""What the shop should care about most: whom it serves first, what moves them, and what they lack."""
