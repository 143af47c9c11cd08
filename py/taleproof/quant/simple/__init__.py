"""Types whose blocks have one scale, or a scale and a minimum."""
