"""Commands of the shop: files in, its data kept well, and who may come in."""
