"""DiffRec: a history as a vector, the blur taken off as Bayes has it, the loss of a loop."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.data.histories import Histories
from engine.recommending.models import diffrec
from engine.recommending.models.diffrec import Cleared, DiffModel
from engine.recommending.models.sequence import Shape
from tests.engine.recommending.baskets import ITEMS


def made():
    torch.manual_seed(0)
    return DiffModel(ITEMS, Shape(width=8, dropout=0.0, longest=8)).eval()


def test_a_history_counts_more_the_later_and_padding_not_at_all():
    found = made().vector(torch.tensor([[-1, 3, 7], [5, 2, 5], [-1, -1, -1]]))
    step = (1 - diffrec.OLDEST) / 2
    expected = np.zeros((3, ITEMS))
    expected[0, 3], expected[0, 7] = diffrec.OLDEST + step, 1
    expected[1, 2], expected[1, 5] = diffrec.OLDEST + 2 * (1 - diffrec.OLDEST) / 3, 1
    assert found.numpy() == pytest.approx(expected)


@pytest.mark.parametrize("step", [1, 2])
def test_what_was_blurred_less_is_the_mean_that_bayes_gives(step):
    # One number: it is clear c, blurred b; the mean of the step between, on a grid of what it may have been.
    spread, clear, blurred = torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64), 0.7, -0.4
    now, before = 1 - float(spread[step]), 1 - float(spread[step - 1])
    grid = np.linspace(-8, 8, 40_001)
    fits = np.exp(-((grid - before**0.5 * clear) ** 2) / (2 * (1 - before)))
    fits *= np.exp(-((blurred - (now / before) ** 0.5 * grid) ** 2) / (2 * (1 - now / before)))
    shares = diffrec.back(spread, step)
    assert shares[0] * clear + shares[1] * blurred == pytest.approx((grid * fits).sum() / fits.sum(), abs=1e-6)


def test_the_loss_is_that_of_a_loop():
    model, loss = made(), Cleared(Histories.of([[3, 7, 1], [5, 2]]), 2, 0)
    order = np.random.default_rng([0, 0]).permutation(2)
    rows = torch.tensor([[[3, 7, 1], [-1, 5, 2]][row] for row in order])
    torch.manual_seed(4)
    with torch.no_grad():
        found = loss(model, 0, 0.0)[0].item()
    torch.manual_seed(4)
    at, noise = torch.randint(diffrec.STEPS, (2,)), torch.randn(2, ITEMS)
    signal = [(1 - s) / s for s in np.linspace(diffrec.LEAST, diffrec.MOST, diffrec.STEPS)]
    weights = np.array([signal[0] - signal[1], *(a - b for a, b in pairwise(signal))])
    expected = []
    for row, taken in enumerate(model.vector(rows)):
        spread = float(model.spread[at[row]])
        blurred = (1 - spread) ** 0.5 * taken + spread**0.5 * noise[row]
        with torch.no_grad():
            off = model.clear(blurred[None], at[row : row + 1])[0] - taken
        expected.append(weights[at[row]] / weights.mean() * float((off**2).sum()))
    assert found == pytest.approx(np.mean(expected), rel=1e-4)
