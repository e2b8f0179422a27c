"""Behind the Map page."""
