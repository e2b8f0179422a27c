"""The Builds page: what there is, named anew, handed on, taken in, deleted."""
