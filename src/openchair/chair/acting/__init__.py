"""Acting: what the shop may do, what it plans, and how it reaches people."""
