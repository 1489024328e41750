"""The people of the shop: who may come in, what they are asked, what was reported to them."""
