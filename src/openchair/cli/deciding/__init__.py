"""Commands of deciding: the wheel, the plan, what goes out, and the ways of choosing."""
