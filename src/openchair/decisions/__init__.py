"""The engagement formula: situations, the one guard, the choice with its exact chances, and why."""
