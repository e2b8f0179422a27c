"""Scorers: who says how likely the next code is."""
