"""What resolvers cost, on the small build's own scheme."""

import numpy as np

from engine import identifiers
from engine.health.resolver_costs import resolver_costs


def crowded(seed=0):
    """Forty vectors in pairs of near twins: two codes a level cannot tell them apart."""
    points = np.random.default_rng(seed).normal(size=(20, 6)).astype(np.float32)
    return np.repeat(points, 2, axis=0) + np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32) * 1e-3


def test_extra_code_and_leave_move_nobody_and_cost_nothing():
    points = crowded()
    fitted = identifiers.fit("rq-kmeans", points, {"levels": 2, "codes": 8})
    costs = {cost.resolver: cost for cost in resolver_costs("rq-kmeans", fitted, points)}
    assert list(costs) == list(identifiers.SCHEMES["rq-kmeans"].resolvers)
    assert costs["leave"].moved == costs["extra-code"].moved == 0
    assert costs["leave"].squared_error == costs["extra-code"].squared_error


def test_reassigning_moves_documents_away_and_one_more_level_brings_them_nearer():
    points = crowded()
    fitted = identifiers.fit("rq-kmeans", points, {"levels": 2, "codes": 8})
    costs = {cost.resolver: cost for cost in resolver_costs("rq-kmeans", fitted, points)}
    assert costs["reassign"].moved > 0
    assert costs["reassign"].squared_error > costs["leave"].squared_error
    assert costs["one-more-level"].squared_error < costs["leave"].squared_error


def test_schemes_without_vectors_have_no_costs():
    fitted = identifiers.fit("atomic", crowded(), {})
    assert resolver_costs("atomic", fitted, crowded()) == []
