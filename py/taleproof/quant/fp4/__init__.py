"""Types whose weights are floats of four bits."""
