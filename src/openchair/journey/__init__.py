"""The journey: steps of customers as needs recognised, requested, responded to and repeated; where it hurts."""
