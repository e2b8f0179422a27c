"""Does generative retrieval suit this catalogue? What is measured for an answer, the rule that gives it, and how it is shown."""
