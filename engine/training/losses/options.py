"""The losses a run can train with, as settings: their weights, and the few numbers that go with them.

Apart from :mod:`engine.training.losses.losses`, so that the shell, a form or the docs can list them without loading torch.
"""

from engine.options import Option

# Every loss is a weight; 0 leaves it out. The others are settings of the loss that their help names.
LOSSES: tuple[Option, ...] = (
    Option(
        name="next_code",
        type=float,
        default=1.0,
        low=0.0,
        high=100.0,
        help="Weight of predicting the next code of a relevant document (DSI, Tay et al. 2022; TIGER, Rajput et al. 2023).",
    ),
    Option(
        # .1 and .2 alike are worth .008 nDCG@10 on NFCorpus dev.
        name="smoothing",
        type=float,
        default=0.1,
        low=0.0,
        high=0.5,
        help="Share of next_code's target spread evenly over the codes that exist there (Szegedy et al. 2016).",
    ),
    Option(
        name="soft",
        type=float,
        default=0.0,
        low=0.0,
        high=100.0,
        help="Weight of matching a teacher's probability of each next code, summed over documents below (Hinton et al. 2015).",
    ),
    Option(
        name="margin",
        type=float,
        default=0.0,
        low=0.0,
        high=100.0,
        help="Weight of ranking the relevant document's path margin_size above a negative's (LTRGR, Li et al. 2024).",
    ),
    Option(
        name="margin_size",
        type=float,
        default=1.0,
        low=0.0,
        high=100.0,
        help="Nats that margin asks for between the two log-probabilities.",
    ),
    Option(
        name="prefix",
        type=float,
        default=0.0,
        low=0.0,
        high=100.0,
        help="Weight of matching a teacher's score gap at every prefix length, short ones first (RIPOR, Zeng et al. 2024).",
    ),
    Option(
        name="contrastive",
        type=float,
        default=0.0,
        low=0.0,
        high=100.0,
        help="Weight of telling a query's document from the batch's others by their vectors (CALRec, Li et al. 2024).",
    ),
    # .05 is the inverse of the scale of the centroid scorer: both divide the same cosine.
    Option(
        name="contrastive_temperature",
        type=float,
        default=0.05,
        low=0.01,
        high=10.0,
        help="What contrastive divides the cosine by; lower is stricter.",
    ),
)
