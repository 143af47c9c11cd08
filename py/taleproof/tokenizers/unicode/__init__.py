"""Classes, cases and normal forms of characters, the same wherever this runs."""
