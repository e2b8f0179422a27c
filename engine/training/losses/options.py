"""The losses a run can train with, as settings: their weights, and the few numbers that go with them.

Apart from :mod:`engine.training.losses.losses`, so that the shell, a form or the docs can list them without loading torch.
"""

from engine.options import Option

# Every loss is a weight; 0 leaves it out. The others are settings of the loss that their help names.
LOSSES: tuple[Option, ...] = (
    Option(
        "next_code",
        float,
        1.0,
        0.0,
        100.0,
        "Weight of predicting the next code of a relevant document (DSI, Tay et al. 2022; TIGER, Rajput et al. 2023).",
    ),
    Option(
        # .1 and .2 alike are worth .008 nDCG@10 on NFCorpus dev.
        "smoothing",
        float,
        0.1,
        0.0,
        0.5,
        "Share of next_code's target spread evenly over the codes that exist there (Szegedy et al. 2016).",
    ),
    Option(
        "soft",
        float,
        0.0,
        0.0,
        100.0,
        "Weight of matching a teacher's probability of each next code, summed over the documents below (Hinton et al. 2015).",
    ),
    Option(
        "margin",
        float,
        0.0,
        0.0,
        100.0,
        "Weight of ranking the relevant document's path margin_size above a negative's (LTRGR, Li et al. 2024).",
    ),
    Option("margin_size", float, 1.0, 0.0, 100.0, "Nats that margin asks for between the two log-probabilities."),
    Option(
        "prefix",
        float,
        0.0,
        0.0,
        100.0,
        "Weight of matching a teacher's score difference at every prefix length, short ones first (RIPOR, Zeng et al. 2024).",
    ),
    Option(
        "contrastive",
        float,
        0.0,
        0.0,
        100.0,
        "Weight of telling a query's document from the batch's others by their vectors (CALRec, Li et al. 2024).",
    ),
    # .05 is the inverse of the scale of the centroid scorer: both divide the same cosine.
    Option("contrastive_temperature", float, 0.05, 0.01, 10.0, "What contrastive divides the cosine by; lower is stricter."),
)
