"""Commands and the wiring: the only room that assembles the others."""
