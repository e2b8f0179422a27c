"""Behind the Decode page."""
