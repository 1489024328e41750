"""Routes of what matters: the reports, and what a person answers to them."""
