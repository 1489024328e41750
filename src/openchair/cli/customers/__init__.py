"""Commands of customers: who they are, what they say, what they are asked, whom to call."""
