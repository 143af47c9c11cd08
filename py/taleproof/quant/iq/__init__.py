"""I-quants: weights are points of a grid, or values of a table."""
