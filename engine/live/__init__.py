"""Documents added and removed without a rebuild."""
