"""Routes of customers: who they are, what they say, what they are asked, and who of them waits for an answer."""
