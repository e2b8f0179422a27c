"""Measurements beside what a user would otherwise pick. Never unit tests."""
