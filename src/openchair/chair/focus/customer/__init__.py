"""The primary customer: who picks the shop, and whom to serve first."""
