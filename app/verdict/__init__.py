"""Behind the Verdict page."""
