"""What a business can do for a customer: the five pillars of loyalty and the catalogue of actions."""
