"""Drivers and the focus map: what moves outcomes, what to be excellent at, where effort goes."""
