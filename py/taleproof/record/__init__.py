"""The record of what was run, so that it can be run again."""
