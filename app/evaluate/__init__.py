"""Behind the Evaluate page."""
