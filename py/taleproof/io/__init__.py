"""Where bytes come from: files, downloads, which files are one model, and JSON from outside."""
