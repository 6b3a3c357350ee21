"""How honest the search for prompts is: planted rules found, and gains claimed where none are.

``python -m benchmarks.lab_improve`` simulates whole searches on sixty tasks whose success follows
rules in the prompt, and on as many where no prompt helps, with four looks at the held-out tasks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "lab"))

from lab_planted import DECOYS, FIRST, RULES, Planted, planted_tasks

from agent.experiments.extras import extra
from agent.experiments.improve.ledger import Ledger
from agent.experiments.improve.proposers import SentenceProposer
from agent.experiments.improve.search import Improved, improve
from agent.experiments.improve.terms import Terms, most_trials, split

TASKS = 60


def searched(seed: int, terms: Terms, *, helps: bool) -> tuple[Improved, int, int]:
    """What was found, trials that it took, and the forecast of them."""
    parts = split(planted_tasks(TASKS), terms)
    tries = Planted(seed, helps=helps, repeats=terms.repeats)
    propose = SentenceProposer([*DECOYS, *RULES.values()])
    found = improve(FIRST, parts, tries, propose, Ledger(), terms)
    return found, tries.trials, most_trials(parts, terms)


def numbers(runs: int) -> list[tuple[str, str, str]]:
    """Each number with its goal; a tenth of the runs search for what is there."""
    some = max(10, runs // 10)
    ends = [searched(seed, Terms(), helps=True) for seed in range(some)]
    rules = [sum(rule in found.best.text for rule in RULES.values()) for found, _, _ in ends]
    shown = sum(bool(found.look and found.look.won) for found, _, _ in ends)
    within = sum(trials <= most for _, trials, most in ends)
    terms = Terms(looks=4)
    luck = [searched(seed, terms, helps=False)[0] for seed in range(runs)]
    false = sum(bool(found.look and found.look.won) for found in luck)
    kept = sum(bool(found.best.parent) for found in luck)
    beta = extra("scipy.stats").beta
    bound = float(beta.ppf(0.975, false + 1, runs - false))
    return [
        ("4 of 5 planted rules found", f"{sum(n >= 4 for n in rules)} of {some} searches", "all"),
        ("within the forecast of trials", f"{within} of {some}", "all"),
        ("their gain shown on held-out tasks", f"{shown} of {some}", ""),
        ("searches without a gain that kept a variant", f"{kept} of {runs}", ""),
        (
            "gains claimed of them, with 4 looks",
            f"{false} of {runs}, at most {100 * bound:.1f} % (95 %)",
            "<= 8 %",
        ),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="searches where no prompt helps")
    given = parser.parse_args()
    print("| what | value | goal |\n|---|---|---|")
    for row in numbers(given.runs):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
