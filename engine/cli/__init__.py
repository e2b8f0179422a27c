"""The shell: its commands by what they do."""
