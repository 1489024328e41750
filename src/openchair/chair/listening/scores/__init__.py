"""NPS, CSAT and CES: measured, told."""
