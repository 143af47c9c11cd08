"""The engine of the page, in its worker."""
