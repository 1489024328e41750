"""A turn of the wheel: know everyone anew, choose for everyone, say what was found."""
