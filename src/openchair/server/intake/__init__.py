"""What arrives by itself: events of SDKs, and what systems that deliver for the shop report."""
