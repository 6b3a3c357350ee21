"""Every prompt that experiments have tried, by its content: where, and with what success."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.plan.design import Piece, diff_words
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results.compare import rates
from agent.experiments.run.store import Store, list_stores
from agent.experiments.statistics import Estimate, success_rate
from agent.prompts import Prompt, list_prompts, load_prompt


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A prompt in one arm of one experiment."""

    experiment: str
    folder: str
    arm: str
    model: str
    begun: float
    """Unix seconds."""

    tasks: int
    trials: int
    """That say something of the arm."""

    passed: int
    success: Estimate
    dollars: float
    """US$ of all that were begun."""


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One text of a prompt."""

    hash: str
    """SHA-256 of the text, as in the log of a session."""

    names: tuple[str, ...]
    text: str
    first_used: float
    """Unix seconds; 0 for one that no experiment has used yet."""

    uses: tuple[PromptUse, ...]
    shipped: bool
    """Whether it comes with Sayso as it is."""

    before: str = ""
    """Hash of the version of the same name that was used before it; empty for the first."""


@dataclass
class _Used:
    text: str
    names: list[str] = field(default_factory=list)
    uses: list[PromptUse] = field(default_factory=list)


def prompt_history(root: Path) -> tuple[PromptVersion, ...]:
    """All versions below ``root`` (as `list_stores` takes it), the latest first.

    Prompts that come with Sayso and were never used stand at the end.

    Raises:
        ConfigurationError: a library of the extra ``lab`` is missing.
    """
    used = _used(root)
    shipped = {prompt.hash: prompt for prompt in map(load_prompt, list_prompts())}
    for key, prompt in shipped.items():
        used.setdefault(key, _Used(prompt.template)).names.append(prompt.name)
    versions = (
        PromptVersion(
            hash=key,
            names=tuple(dict.fromkeys(found.names)),
            text=found.text,
            first_used=min((use.begun for use in found.uses), default=0.0),
            uses=tuple(sorted(found.uses, key=lambda use: -use.begun)),
            shipped=key in shipped,
        )
        for key, found in used.items()
    )
    return tuple(_linked(versions))


def changes(old: PromptVersion, new: PromptVersion) -> tuple[Piece, ...]:
    """Word-level change from one version to another."""
    return diff_words(old.text, new.text)


def _used(root: Path) -> dict[str, _Used]:
    """Hash → what the experiments below ``root`` made of the prompt."""
    used: dict[str, _Used] = {}
    for store in list_stores(root):
        try:
            experiment = store.experiment
        except ConfigurationError:  # a folder of another version, or damaged: the rest stands
            continue
        results, begun = store.results(), float(store.about.get("created", 0.0))
        for name, arm in experiment.arms.items():
            key = Prompt(arm.prompt, arm.prompt_text).hash
            found = used.setdefault(key, _Used(arm.prompt_text))
            found.names.append(arm.prompt)
            mine = [r for r in results if r.arm == name and r.status != "cancelled"]
            found.uses.append(_use(store, experiment, name, mine, begun))
    return used


def _use(
    store: Store, experiment: Experiment, arm: str, mine: list[TrialResult], begun: float
) -> PromptUse:
    counts = rates(mine)
    return PromptUse(
        experiment=experiment.name,
        folder=str(store.folder),
        arm=arm,
        model=experiment.arms[arm].model,
        begun=begun,
        tasks=len(counts),
        trials=sum(r.completed for r in mine),
        passed=sum(r.passed for r in mine),
        success=success_rate(list(counts.values()), seed=experiment.seed),
        dollars=sum(r.metrics.get("dollars", 0.0) for r in mine),
    )


def _linked(versions: Iterable[PromptVersion]) -> list[PromptVersion]:
    """The latest first, each with the one before it of the same name."""
    last: dict[str, str] = {}
    found = []
    for version in sorted(versions, key=lambda v: v.first_used or float("inf")):
        before = next((last[name] for name in version.names if name in last), "")
        last |= dict.fromkeys(version.names, version.hash)
        found.append(replace(version, before=before))
    used = [v for v in reversed(found) if v.first_used]
    return used + [v for v in found if not v.first_used]
