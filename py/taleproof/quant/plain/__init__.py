"""Types without blocks: every weight is a number of its own."""
