"""K-quants: super-blocks of 256 weights, whose scales are quantised too."""
