"""What a template may call: filters, tests, methods and global functions."""
