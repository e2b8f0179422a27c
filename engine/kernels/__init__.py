"""Compiled inner loops, each beside its NumPy twin."""
