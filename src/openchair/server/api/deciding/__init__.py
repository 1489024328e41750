"""Routes of deciding: the wheel, decisions in the moment, the plan, what goes out, and what is learned of it."""
