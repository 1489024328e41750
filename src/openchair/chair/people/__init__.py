"""One customer at a time: the dossier, what is said of them, who they are, their own seat."""
