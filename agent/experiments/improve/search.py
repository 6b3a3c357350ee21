"""The search itself: propose, try, keep what does better, and claim on held-out tasks alone."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Protocol

from agent.errors import ConfigurationError
from agent.experiments.improve.ledger import Begun, Judged, Ledger, Look, Variant
from agent.experiments.improve.proposers import Evidence, Failure, Proposer
from agent.experiments.improve.terms import SUCCESS, Split, Terms, most_trials, value_of
from agent.experiments.plan.spec import counted
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult
from agent.experiments.statistics import Comparison, compare_means, compare_success

PROMISING = 0.3
"""P on the search tasks below which a variant that does better is worth keeping.

It claims nothing, so that it may be far above 5 %: what is kept by chance is found out on the
held-out tasks."""


class Exhausted(ConfigurationError):
    """Nothing more may be tried: the budget is used up, or a person stopped it.

    Args:
        text: why, in a sentence.
        stopped: whether a person did.
    """

    def __init__(self, text: str, *, stopped: bool = False) -> None:
        super().__init__(text)
        self.stopped = stopped


class Tries(Protocol):
    """What tries prompts on tasks."""

    def __call__(
        self, variants: Mapping[str, str], tasks: Sequence[Task], *, held_out: bool
    ) -> Sequence[TrialResult]:
        """Results of every variant (name → text) on every task; nothing is tried twice."""
        ...

    def log(self, result: TrialResult) -> str:
        """What was said and done in a trial, in short."""
        ...


@dataclass(frozen=True, slots=True)
class Improved:
    """What came of a search."""

    best: Variant
    look: Look | None
    """The last look at the held-out tasks; None if no variant did better."""

    variants: int
    """How many were tried, without the first prompt."""

    looks: int
    of_looks: int

    @property
    def verdict(self) -> str:
        """One sentence, with every look in it."""
        tried = f"{counted(self.variants, 'variant')} tried"
        if self.look is None:
            return f"No variant did better on the search tasks ({tried}): the prompt stays."
        seen = self.look
        shown = (
            f"{100 * seen.difference:+.0f} points [{100 * seen.low:+.0f}, {100 * seen.high:+.0f}]"
            f" on held-out tasks, p = {seen.p:.3f} at a level of {seen.level:.3f} "
            f"(look {seen.number} of {self.of_looks}, {tried})"
        )
        if seen.won:
            return f"{seen.name} is better than the first prompt: {shown}."
        return f"No gain is shown for {seen.name}: {shown}."


def improve(
    first: str,
    parts: Split,
    tries: Tries,
    propose: Proposer,
    ledger: Ledger,
    terms: Terms,
    tell: Callable[[str], None] = lambda _: None,
) -> Improved:
    """Search for a better prompt, and say honestly whether one was found.

    A ledger that has begun is gone on with: its proposals are tried, not made a second time, and
    its looks count.

    Raises:
        ConfigurationError: the ledger is of other terms, tasks, or another prompt.
    """
    best = _begin(first, parts, ledger, terms)
    try:
        best = _rounds(best, parts, tries, propose, ledger, terms, tell)
    except Exhausted as end:
        if end.stopped:
            raise
        tell(str(end))
        best = _kept(ledger)
    if best.parent and not _won(ledger) and len(ledger.looks) < terms.looks:
        _look(best, parts, tries, ledger, terms)
    looks = ledger.looks
    return Improved(
        best, looks[-1] if looks else None, len(ledger.variants) - 1, len(looks), terms.looks
    )


def compare(
    a: Sequence[TrialResult], b: Sequence[TrialResult], objective: str, level: float = 0.95
) -> Comparison:
    """B against A by the objective, more being better, on the tasks that both were measured on."""
    one, other = _by_task(a, objective), _by_task(b, objective)
    tasks = sorted(one.keys() & other.keys())
    if objective == SUCCESS:
        counts = [[(int(sum(side[t])), len(side[t])) for t in tasks] for side in (one, other)]
        return compare_success(*counts, level=level)
    means = [[sum(side[t]) / len(side[t]) for t in tasks] for side in (one, other)]
    return compare_means(*means, level=level)


# Inside ----------------------------------------------------------------------------------


def _rounds(
    best: Variant,
    parts: Split,
    tries: Tries,
    propose: Proposer,
    ledger: Ledger,
    terms: Terms,
    tell: Callable[[str], None],
) -> Variant:
    """The best of all rounds.

    Held-out tasks are looked at after each better one, but for a look that is kept for the end.
    """
    idle = 0
    for number in range(1, terms.rounds + 1):
        if idle >= terms.patience or _won(ledger):
            break
        made = ledger.of_round(number)
        made = made or _proposed(number, best, parts, tries, propose, ledger, terms)
        if not made:
            break
        tell(f"Round {number}: {counted(len(made), 'variant')} of {best.name}.")
        better = _round(number, best, made, parts, tries, ledger, terms)
        idle = 0 if better else idle + 1
        best = better or best
        if better and len(ledger.looks) < terms.looks - 1:
            _look(best, parts, tries, ledger, terms)
    return best


def _kept(ledger: Ledger) -> Variant:
    """The variant that was kept last; the first prompt if none was."""
    judged = ledger.judged
    kept = [v for v in ledger.variants if v.name in judged and judged[v.name].accepted]
    return kept[-1] if kept else ledger.variants[0]


def _again(variant: Variant, number: int) -> str:
    """Name under which a variant is tried once more in a round, for others to be held against.

    It was kept for its luck, too; beside the same trials the next ones would look worse than
    they are, and beside one lucky try all later ones would.
    """
    return f"{variant.name}-round-{number}" if number > 1 else variant.name


def _begin(first: str, parts: Split, ledger: Ledger, terms: Terms) -> Variant:
    begun = Begun(
        at=time.time(),
        terms=asdict(terms),
        search=tuple(task.id for task in parts.search),
        held_out=tuple(task.id for task in parts.held_out),
        most_trials=most_trials(parts, terms),
    )
    if ledger.begun is None:
        ledger.add(begun)
        return ledger.propose(0, None, [(first, "the prompt to begin with")])[0]
    same = ledger.begun.model_copy(update={"at": begun.at}) == begun
    if not same or ledger.variants[0].text != first:
        raise ConfigurationError(
            "This search was begun with other terms, tasks, or another prompt. Give the changed "
            "one a name of its own, so that looks at held-out tasks stay counted."
        )
    return ledger.variants[0]


def _proposed(
    number: int,
    best: Variant,
    parts: Split,
    tries: Tries,
    propose: Proposer,
    ledger: Ledger,
    terms: Terms,
) -> list[Variant]:
    results = tries({_again(best, number): best.text}, parts.search, held_out=False)
    words = {task.id: task.instruction for task in parts.search}
    failures = tuple(
        Failure(r.task, words[r.task], r.reason, tries.log(r))
        for r in results
        if r.arm == _again(best, number) and r.completed and not r.passed
    )
    judged = ledger.judged
    tried = tuple((v, judged[v.name]) for v in ledger.variants if v.name in judged)
    made = propose(Evidence(best.text, failures, tried), terms.variants)
    return ledger.propose(number, best, [(one.text, one.why) for one in made])


def _round(
    number: int,
    best: Variant,
    made: Sequence[Variant],
    parts: Split,
    tries: Tries,
    ledger: Ledger,
    terms: Terms,
) -> Variant | None:
    """Try a round's variants; the one that is kept, if any."""
    texts = {_again(best, number): best.text} | {v.name: v.text for v in made}
    results = tries(texts, parts.search, held_out=False)
    of = {name: [r for r in results if r.arm == name] for name in texts}
    found = {v: compare(of[_again(best, number)], of[v.name], terms.objective) for v in made}
    promising = [v for v, c in found.items() if c.estimate.value > 0 and c.p < PROMISING]
    kept = max(promising, key=lambda v: found[v].estimate.value, default=None)
    known = ledger.judged
    for variant, c in found.items():
        if variant.name not in known:
            ledger.add(
                Judged(
                    at=time.time(),
                    name=variant.name,
                    difference=c.estimate.value,
                    p=c.p,
                    promising=variant in promising,
                    accepted=variant is kept,
                )
            )
    return kept


def _look(best: Variant, parts: Split, tries: Tries, ledger: Ledger, terms: Terms) -> None:
    """Look at the held-out tasks: counted before it is judged."""
    first = ledger.variants[0]
    if any(look.name == best.name for look in ledger.looks):
        return
    results = tries({v.name: v.text for v in (first, best)}, parts.held_out, held_out=True)
    a, b = ([r for r in results if r.arm == v.name] for v in (first, best))
    c = compare(a, b, terms.objective, 1 - terms.level)
    e = c.estimate
    ledger.add(
        Look(
            at=time.time(),
            name=best.name,
            number=len(ledger.looks) + 1,
            level=terms.level,
            difference=e.value,
            low=e.low,
            high=e.high,
            p=c.p,
            won=e.value > 0 and c.p < terms.level,
        )
    )


def _won(ledger: Ledger) -> bool:
    return any(look.won for look in ledger.looks)


def _by_task(results: Sequence[TrialResult], objective: str) -> dict[str, list[float]]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for result in results:
        value = value_of(result, objective) if result.completed else None
        if value is not None:
            found[result.task].append(value)
    return found
