"""Behind the Identifiers page."""
