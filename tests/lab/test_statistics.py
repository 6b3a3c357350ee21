"""Estimates against known values, in degenerate cases, and by small simulations."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from agent.experiments.plan.power import power
from agent.experiments.statistics import (
    compare_ratio,
    compare_success,
    holm,
    mean_value,
    pass_at_k,
    pass_hat_k,
    sign_flip,
    success_rate,
)


def test_pass_at_k_and_pass_hat_k() -> None:
    """The closed forms, undefined with fewer tries than k."""
    assert pass_at_k(1, 2, 1) == 0.5
    assert pass_at_k(1, 2, 2) == 1.0
    assert pass_hat_k(1, 2, 2) == 0.0
    assert pass_hat_k(3, 4, 2) == pytest.approx(0.5)
    assert math.isnan(pass_at_k(1, 2, 3))
    assert math.isnan(pass_hat_k(2, 2, 3))


def test_wilson_of_all_passes_is_no_certainty() -> None:
    """Of twenty tasks it is [0.84, 1.00], not [1, 1]."""
    repeated = success_rate([(3, 3)] * 20)
    assert (repeated.value, round(repeated.low, 2), repeated.high) == (1.0, 0.84, 1.0)
    assert "Wilson" in repeated.method


def test_few_tasks_are_warned_of() -> None:
    """Under twenty tasks an interval says so."""
    assert "only 3 tasks" in success_rate([(1, 2), (2, 2), (0, 2)]).note
    assert success_rate([(1, 2), (2, 2)] * 15).note == ""


def test_all_ties_are_no_evidence_and_no_crash() -> None:
    """Equal arms: p is 1 and the interval has a width."""
    for pairs in ([(1, 1)] * 8, [(2, 2)] * 8, [(1, 2)] * 8):
        same = compare_success(pairs, pairs)
        assert (same.estimate.value, same.p) == (0.0, 1.0)
        assert same.estimate.low < 0 < same.estimate.high


def test_no_common_task_is_undefined() -> None:
    """Nothing to compare is NaN, named as such."""
    nothing = compare_success([], [])
    assert math.isnan(nothing.p)
    assert nothing.estimate.method == "no common tasks"
    assert math.isnan(success_rate([]).value)
    assert math.isnan(compare_ratio([0.0], [1.0]).p)


def test_single_tries_use_mcnemar() -> None:
    """Five fixed and none broken: the exact p is 1/16."""
    comparison = compare_success([(0, 1)] * 5 + [(1, 1)] * 3, [(1, 1)] * 8)
    assert comparison.test == "exact McNemar"
    assert comparison.p == pytest.approx(2 / 2**5)


def test_sign_flips_are_counted_out() -> None:
    """Nine differences of one sign: p is 2 / 2**9; ties carry no weight."""
    p, test = sign_flip([0.5] * 9 + [0.0] * 4)
    assert test == "exact sign flip"
    assert p == pytest.approx(2 / 2**9)
    assert sign_flip([0.0] * 5)[0] == 1.0
    assert sign_flip([1.0])[0] == 1.0


def test_holm_corrects_for_the_number_of_arms() -> None:
    """The smallest p is multiplied by the number of comparisons; NaN stays out of it."""
    strong = compare_success([(0, 1)] * 8, [(1, 1)] * 8)
    weak = compare_success([(0, 1)] * 8, [(1, 1)] + [(0, 1)] * 7)
    corrected = holm([strong, weak, compare_success([], [])])
    assert corrected[0].p_holm == pytest.approx(2 * strong.p)
    assert math.isnan(corrected[2].p_holm)


def test_ratios_are_multiplicative() -> None:
    """Twice as slow is a ratio of two, whatever the task's length."""
    rng = np.random.default_rng(0)
    base = rng.lognormal(1, 1, 30)
    noisy = base * 2 * rng.lognormal(0, 0.1, 30)
    comparison = compare_ratio(list(base), list(noisy))
    assert comparison.estimate.low < 2 < comparison.estimate.high
    assert comparison.p < 0.01
    assert compare_ratio([1.0, 2.0], [2.0, 4.0]).estimate.value == pytest.approx(2.0)


def test_repeats_have_the_t_interval_of_an_adjusted_mean() -> None:
    """Ten tasks by four: half a pair of each kind, of a quarter's weight, by hand; any number."""
    a, b = [(1, 4)] * 10, [(2, 4), (4, 4)] * 5
    few = compare_success(a, b).estimate
    assert (few.value, few.method) == (0.5, "adjusted t over tasks")
    middle = 5 / 12
    spread = math.sqrt((5 * (0.25**2 + 0.75**2) + 0.25) / 12 - middle**2) / math.sqrt(12)
    assert few.high == pytest.approx(middle + 2.262157 * spread)
    assert few.low == pytest.approx(middle - 2.262157 * spread)
    assert compare_success(a * 3, b * 3).estimate.method == "adjusted t over tasks"


def test_an_interval_never_claims_more_than_its_p() -> None:
    """Four of four fixed: p = 0.125, so that the interval holds 0, and its method says why."""
    four = compare_success([(0, 2)] * 4, [(2, 2)] * 4)
    assert four.p == 0.125
    assert (four.estimate.low, four.estimate.method) == (
        0.0,
        "score interval over tasks, widened to what p allows",
    )


def test_a_p_never_claims_more_than_its_interval() -> None:
    """Six small gains and a large one: the flips are sure, the mean is not; p says so."""
    logs = [1.01, 1.01, 1.02, 1.01, 1.02, 1.01, 40.0]
    found = compare_ratio([1.0] * 7, logs)
    assert sign_flip(np.log(logs))[0] < 0.05
    assert found.p > 0.05
    assert "held back by its interval" in found.test
    assert found.estimate.low < 1 < found.estimate.high


def test_p_and_interval_agree_in_every_simulated_experiment() -> None:
    """All sizes and repeats, effects even and rare, both ways."""
    rng = np.random.default_rng(8)
    for _ in range(400):
        tasks, repeats = int(rng.integers(2, 29)), int(rng.integers(1, 4))
        rates = rng.beta(0.8, 0.8, tasks)
        moved = np.clip(rates + (rng.random(tasks) < rng.random()) * rng.normal(0, 0.6), 0, 1)
        a, b = ([(int(c), repeats) for c in rng.binomial(repeats, r)] for r in (rates, moved))
        found = compare_success(a, b)
        held = found.estimate.low <= 0 <= found.estimate.high
        assert held == (found.p >= 0.05), (a, b)


def test_flips_that_balance_are_no_evidence() -> None:
    """A sum of exactly nothing has p = 1, however many tasks moved."""
    assert sign_flip([0.5, -0.5] * 12)[0] == 1.0


def test_means_without_spread_have_no_false_precision() -> None:
    """Equal values have no interval and say why."""
    assert "equal" in mean_value([2.0, 2.0]).note
    assert mean_value([]).tasks == 0


def test_nothing_warns() -> None:
    """Degenerate inputs are handled, not warned about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in (1, 2, 3, 10):
            for rate in ((0, 2), (1, 2), (2, 2)):
                success_rate([rate] * n)
                compare_success([rate] * n, [(1, 2)] * n)


def test_false_positives_are_rare() -> None:
    """With equal arms p is below 0.05 in about 5 % of experiments, never many more."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(150):
        rates = rng.beta(0.8, 0.8, 25)
        a = [(int(c), 3) for c in rng.binomial(3, rates)]
        b = [(int(c), 3) for c in rng.binomial(3, rates)]
        moved = [y[0] - x[0] for x, y in zip(a, b, strict=True)]
        found += sign_flip(moved)[0] < 0.05
    assert found / 150 < 0.12


def test_power_agrees_with_the_published_table() -> None:
    """20 tasks by 3: about 0.25 for 12 points and 0.96 for 30; more tasks help more."""
    assert power(20, 3, 0.12) == pytest.approx(0.25, abs=0.12)
    assert power(20, 3, 0.30) == pytest.approx(0.96, abs=0.08)
    assert power(50, 3, 0.18) == pytest.approx(0.96, abs=0.08)


def test_a_forecast_goes_by_the_analysis_s_own_test() -> None:
    """Nothing is found under six tasks, nor under seven of two comparisons."""
    assert power(5, 3, 0.35) == 0.0
    assert power(6, 1, 0.35, comparisons=2) == 0.0


def test_a_forecast_shows_what_the_spread_of_effects_does() -> None:
    """The same mean in a quarter of the tasks; a gain that they cannot hold is not promised."""
    assert math.isnan(power(20, 3, 0.25, share=0.25))
    assert power(50, 3, 0.1, base=0.5) != power(50, 3, 0.1, base=0.5, share=0.25)
