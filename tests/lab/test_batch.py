"""Many experiments at once are judged as each of them would be by itself."""

from __future__ import annotations

import numpy as np
import pytest

from agent.experiments.batch import compare_many, flips
from agent.experiments.plan.power import power
from agent.experiments.statistics import compare_success, sign_flip


@pytest.mark.parametrize(("tasks", "repeats"), [(3, 2), (6, 1), (8, 3), (20, 1), (20, 3), (40, 5)])
def test_value_interval_and_p_are_those_of_the_analysis(tasks: int, repeats: int) -> None:
    """Ties, single tries, all or nothing, few tasks and many."""
    rng = np.random.default_rng(tasks)
    rates = rng.beta(0.4, 0.4, (60, tasks))
    shift = rng.choice([0.0, 0.0, 0.4], (60, tasks))
    a, b = (rng.binomial(repeats, r) for r in (rates, np.clip(rates + shift, 0, 1)))
    b[0], a[1], b[1] = a[0], 0, repeats
    many = compare_many(a, b, repeats)
    for n in range(len(a)):
        sides = ([(int(c), repeats) for c in row] for row in (a[n], b[n]))
        found = compare_success(*sides)
        claimed = found.p < 0.05
        assert many.value[n] == pytest.approx(found.estimate.value)
        assert many.low[n] == pytest.approx(found.estimate.low, abs=1e-9)
        assert many.high[n] == pytest.approx(found.estimate.high, abs=1e-9)
        assert many.found()[n] == claimed
        if "held back" not in found.test:
            assert many.p[n] == pytest.approx(found.p)


def test_flips_are_counted_out_as_one_by_one() -> None:
    """Up to fourteen differences scipy tries them all; more are told within its noise."""
    rng = np.random.default_rng(4)
    for tasks in (1, 5, 12):
        moved = rng.integers(-3, 4, (20, tasks))
        scipy = [sign_flip(0.37 * row)[0] for row in moved]
        assert flips(moved) == pytest.approx(scipy)
    moved = rng.integers(-3, 4, (5, 30))
    exact, noisy = ([sign_flip(unit * row)[0] for row in moved] for unit in (1, 0.37))
    assert exact == pytest.approx(noisy, abs=0.02)
    assert flips(moved) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("tasks", "repeats", "share", "effect"),
    [(20, 3, 1.0, 0.2), (40, 1, 1.0, 0.25), (40, 3, 0.25, 0.08)],
)
def test_a_forecast_is_within_five_points_of_the_analysis_itself(
    tasks: int, repeats: int, share: float, effect: float
) -> None:
    """The chance that is told, beside how often experiments of that assumption find it."""
    rng = np.random.default_rng(11)
    middle = np.log(0.6 / 0.4) * np.sqrt(1 + (1.6 / 1.7) ** 2)
    shift = _shift(middle, effect / share)
    found, runs = 0, 1200
    for _ in range(runs):
        logit = middle + 1.6 * rng.standard_normal(tasks)
        moved = logit + (rng.random(tasks) < share) * (shift + 0.5 * rng.standard_normal(tasks))
        a, b = (rng.binomial(repeats, 1 / (1 + np.exp(-x))) for x in (logit, moved))
        sides = ([(int(c), repeats) for c in row] for row in (a, b))
        found += compare_success(*sides).p < 0.05
    assert power(tasks, repeats, effect, share=share) == pytest.approx(found / runs, abs=0.05)


def _shift(middle: float, gain: float) -> float:
    """The shift of logits that raises mean success by ``gain``, by trying."""
    rng = np.random.default_rng(3)
    logit, vary = middle + 1.6 * rng.standard_normal(40_000), 0.5 * rng.standard_normal(40_000)
    base = (1 / (1 + np.exp(-logit))).mean()
    tried = np.linspace(0, 8, 801)
    gains = [(1 / (1 + np.exp(-logit - s - vary))).mean() - base for s in tried]
    return float(np.interp(gain, gains, tried))
