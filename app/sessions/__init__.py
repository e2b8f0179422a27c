"""The page of recommendation: a history, the next item written, what others would recommend, and what in the history mattered."""
