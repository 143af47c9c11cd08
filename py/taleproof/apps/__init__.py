"""The programs: the command line and the page's engine, and what both of them use."""
