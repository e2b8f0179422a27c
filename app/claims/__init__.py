"""Behind the Claims page."""
