"""Whether deciding pays, which way of choosing is live, and which other might be."""
