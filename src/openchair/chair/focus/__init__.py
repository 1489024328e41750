"""The shop's focus, told: the primary customer, drivers, the focus map, opportunities."""
