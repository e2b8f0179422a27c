"""Studies: one file a claim."""
