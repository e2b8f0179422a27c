"""Behind the Codebooks page."""
