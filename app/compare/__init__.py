"""Behind the Compare page."""
