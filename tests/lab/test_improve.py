"""Prompts are searched for on some tasks, and claimed to be better on others alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from lab_files import in_memory, write, write_task
from lab_planted import DECOYS, FIRST, RULES, Planted, planted_tasks
from lab_stage import FakeEnvironment

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.improve.ledger import Ledger
from agent.experiments.improve.proposers import (
    PROPOSER,
    Evidence,
    Failure,
    ModelProposer,
    Proposal,
    SentenceProposer,
)
from agent.experiments.improve.search import Exhausted, Improved, compare, improve
from agent.experiments.improve.terms import Terms, most_trials, split
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import TrialResult
from agent.models.base import Model, ModelRequest
from agent.prompts import load_prompt
from agent.settings import Settings
from agent.testing.scripted import Script, ScriptedModel, done, says

__all__ = ["in_memory"]  # a fixture of these tests

SENTENCES = SentenceProposer([*DECOYS, *RULES.values()])


def searched(
    seed: int, terms: Terms, *, helps: bool = True, ledger: Ledger | None = None
) -> tuple[Improved, Planted, Ledger]:
    """A search on sixty planted tasks."""
    tries = Planted(seed, helps=helps, repeats=terms.repeats)
    parts, ledger = split(planted_tasks(60), terms), ledger or Ledger()
    found = improve(FIRST, parts, tries, SENTENCES, ledger, terms)
    assert tries.trials <= most_trials(parts, terms)
    assert tries.held_out <= {task.id for task in parts.held_out}
    return found, tries, ledger


def test_planted_rules_are_found_within_the_forecast() -> None:
    """Four of five at least among as many sentences that do nothing, and shown on other tasks."""
    for seed in range(8):
        found, _, _ = searched(seed, Terms())
        assert sum(rule in found.best.text for rule in RULES.values()) >= 4, seed
        assert found.look is not None
        assert found.look.won
        assert "is better than the first prompt" in found.verdict


def test_what_only_looks_better_is_not_claimed() -> None:
    """No prompt helps: searches keep variants by luck, and looks after each do not show a gain."""
    kept = won = 0
    for seed in range(40):
        found, _, ledger = searched(seed, Terms(looks=4, repeats=1), helps=False)
        kept += any(judged.accepted for judged in ledger.judged.values())
        won += found.look is not None and found.look.won
    assert kept > 10
    assert won <= 3


def test_every_variant_and_look_is_in_the_ledger(tmp_path: Path) -> None:
    """Looks are judged at their share of 5 %; what is written down is read again."""
    terms = Terms(looks=3, rounds=3)
    found, _, ledger = searched(1, terms, ledger=Ledger(tmp_path / "ledger.jsonl"))
    assert ledger.begun is not None
    assert ledger.begun.terms["looks"] == 3
    assert [v.name for v in ledger.variants] == [f"v{n}" for n in range(len(ledger.variants))]
    assert found.looks == len(ledger.looks)
    assert all(look.level == pytest.approx(0.05 / 3) for look in ledger.looks)
    assert f"look {found.looks} of 3, {len(ledger.variants) - 1} variants tried" in found.verdict
    assert Ledger(tmp_path / "ledger.jsonl").entries == ledger.entries


class Cut(Planted):
    """Stopped by a person after so many calls."""

    calls = 0
    most = 4

    def __call__(
        self, variants: Mapping[str, str], tasks: Sequence[Task], *, held_out: bool
    ) -> Sequence[TrialResult]:
        self.calls += 1
        if self.calls > self.most:
            raise Exhausted("Stopped.", stopped=True)
        return super().__call__(variants, tasks, held_out=held_out)


def test_a_search_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    """With the proposals that were written down, and no more looks than without the cut."""
    terms, asked = Terms(rounds=3), 0

    def propose(evidence: Evidence, most: int) -> Sequence[Proposal]:
        nonlocal asked
        asked += 1
        return SENTENCES(evidence, most)

    parts, path = split(planted_tasks(60), terms), tmp_path / "ledger.jsonl"
    cut = Cut(3, repeats=terms.repeats)
    with pytest.raises(Exhausted):
        improve(FIRST, parts, cut, propose, Ledger(path), terms)
    cut.most = 99
    found = improve(FIRST, parts, cut, propose, Ledger(path), terms)
    assert (asked, found.looks) == (3, 1)
    with pytest.raises(ConfigurationError, match="begun with other terms"):
        improve(FIRST, parts, cut, propose, Ledger(path), Terms(rounds=3, looks=2))
    with pytest.raises(ConfigurationError, match="begun with other terms"):
        improve("Another.\n", parts, cut, propose, Ledger(path), terms)


def test_where_the_budget_ends_the_best_so_far_is_looked_at() -> None:
    class Poor(Planted):
        def __call__(
            self, variants: Mapping[str, str], tasks: Sequence[Task], *, held_out: bool
        ) -> Sequence[TrialResult]:
            if not held_out and self.trials > 400:
                raise Exhausted("The budget is used up.")
            return super().__call__(variants, tasks, held_out=held_out)

    terms, told = Terms(), []
    parts = split(planted_tasks(60), terms)
    tries = Poor(2, repeats=terms.repeats)
    found = improve(FIRST, parts, tries, SENTENCES, Ledger(), terms, told.append)
    assert told[-1] == "The budget is used up."
    assert found.best.parent == "v0"
    assert found.looks == 1


def test_tasks_are_divided_evenly_and_always_alike() -> None:
    """By tags, in whatever order they come; with too few of them nothing is begun."""
    tasks = planted_tasks(60)
    one, other = split(tasks, Terms()), split(tasks[::-1], Terms())
    assert one == other
    assert len(one.held_out) == 24
    assert {sum(t.tags == (kind,) for t in one.held_out) for kind in RULES} == {4}
    with pytest.raises(ConfigurationError, match=r"at least 6 must be held out.*Give 15 tasks"):
        split(tasks[:14], Terms())
    with pytest.raises(ConfigurationError, match="at least 8 must be held out"):
        split(tasks[:18], Terms(looks=4))


@pytest.mark.parametrize("wrong", [{"looks": 0}, {"held_out": 1.0}, {"objective": "speed"}])
def test_wrong_terms_are_told(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        split(planted_tasks(60), Terms(**wrong))  # type: ignore[arg-type]


def test_a_measure_can_be_the_objective() -> None:
    """More unheard words are worse; what a measure does not apply to is left out."""

    def result(arm: str, task: str, **metrics: float) -> TrialResult:
        return TrialResult.model_construct(
            id="", experiment="", arm=arm, task=task, task_hash="", repeat=0,
            status="passed", score=1.0, metrics=metrics,
        )  # fmt: skip

    a = [result("a", f"t{n}", action_errors=5.0 + n) for n in range(8)]
    b = [result("b", f"t{n}", action_errors=1.0 + 0.5 * n) for n in range(8)]
    found = compare(a, [*b[:7], result("b", "t7")], "action_errors")
    assert found.estimate.tasks == 7
    assert found.estimate.value == pytest.approx(4 + 1.5)
    assert found.p < 0.05


def test_a_model_that_proposes_is_shown_what_failed_and_what_was_tried() -> None:
    """Its variants are prompts that can be filled in; what it costs is counted."""
    good = "<variant><why>Look first.</why><prompt>\nLook at {{ width }}.\n</prompt></variant>"
    odd = "<variant><why>Odd.</why><prompt>\n{{ nobody }}\n</prompt></variant>"
    requests: list[ModelRequest] = []

    def answer(request: ModelRequest) -> Script:
        requests.append(request)
        return [*says(f"{good}\n{odd}\n{good}"), *done(dollars=0.02)]

    model = ScriptedModel(answer)
    proposer = ModelProposer(model, load_prompt(PROPOSER))
    failure = Failure("t", "Write it.", "hello.txt is missing", "type; said at the end: Done.")
    made = proposer(Evidence("You work.", (failure,), ()), 3)
    assert [one.text for one in made] == ["Look at {{ width }}.\n"] * 2
    assert proposer.dollars == 0.02
    (request,) = requests
    assert "at most 3 variants" in request.system
    told = str(request.messages[0]["content"])
    for words in ("You work.", "Write it.", "hello.txt is missing", "said at the end: Done."):
        assert words in told


class Obedient(FakeEnvironment):
    """Passes if its prompt says so."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        kind = "good" if "Write the file." in arm.prompt_text else "bad"
        return super().model(arm.model_copy(update={"model": kind}), task, settings, desktop)


def test_the_command_searches_claims_and_keeps_the_prompt(
    tmp_path: Path,
    in_memory: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Forecast first; then a study of the search, one of the held-out tasks, a page, a prompt."""
    for name in ("commands", "run.runner"):
        monkeypatch.setattr(f"agent.experiments.{name}.TrialEnvironment", Obedient)
    for n in range(15):
        write_task(tmp_path, f"t{n}")
    file = write(tmp_path / "cli.yaml", arms={"only": {"model": "bad"}})
    sentences = tmp_path / "sentences.txt"
    sentences.write_text("Be quick.\nWrite the file.\nBe polite.\n")
    search = ["--results", str(tmp_path / "r"), "improve", str(file), "--unproved"]
    assert main(search) == 2
    assert "--sentences FILE, or --proposer MODEL" in capsys.readouterr().err
    search += ["--sentences", str(sentences), "--repeats", "1", "--rounds", "1"]
    assert main([*search, "--dry"]) == 0
    assert "9 tasks to search on, 6 tasks held out. At most 66 trials" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
    assert main(search) == 0
    told = capsys.readouterr().out
    assert "v1 is better than the first prompt: +100 points" in told or "v2 is better" in told
    (folder,) = (tmp_path / "r").glob("cli-search-*")
    (held,) = (tmp_path / "r").glob("cli-held-out-*")
    assert "Write the file." in (folder / "best.md").read_text()
    assert len(list((held / "trials").iterdir())) == 12
    assert "| 1 | v" in (folder / "search.md").read_text()
    assert main(search) == 0
    assert len(list((held / "trials").iterdir())) == 12


def test_a_proposer_that_cannot_be_used_is_told_before_anything_is_tried(
    tmp_path: Path, in_memory: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(15):
        write_task(tmp_path, f"t{n}")
    empty = tmp_path / "none.txt"
    empty.write_text("\n")
    file = write(tmp_path / "cli.yaml", arms={"only": {"model": "bad"}})
    search = ["--results", str(tmp_path / "r"), "improve", str(file), "--unproved"]
    assert main([*search, "--sentences", str(empty)]) == 2
    assert "has no sentences" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
