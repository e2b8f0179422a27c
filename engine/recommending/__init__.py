"""The next item from a history of items: the baselines, the counting scorer, models that are trained, and how all are judged."""
