"""An arm's narration changes its trials: what the model is told, what is said, and when it acts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from lab_stage import FakeEnvironment, hello_task, small

from agent.desktop.base import Desktop
from agent.errors import ConfigurationError
from agent.experiments.measures import measure
from agent.experiments.plan.design import differing_fields, summarise_design
from agent.experiments.plan.spec import Arm, Experiment, define, load_experiment
from agent.experiments.plan.task import Task
from agent.experiments.results.report import report
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store
from agent.models.base import Model
from agent.prompts.library import Style
from agent.record import events as ev
from agent.settings import Settings
from agent.testing.scripted import FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import Tool

STYLES: tuple[Style, ...] = ("announce-then-act", "act-while-speaking", "report-after")
NOD = {"when": {"event": "turn_started"}, "do": "backchannel", "text": "mm-hm"}
BEFORE_NARRATION = "5ec39e03e538ef38ae400849260a83127c3ba28115b8a8fe651b77c79ff43afb"
"""Hash of an arm as it was before arms had a narration."""


class TalkingEnvironment(FakeEnvironment):
    """A model that says what it does, then does it; after words that cut in it says so."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        async def act() -> None:
            (desktop.home / "hello.txt").write_text("hello")

        last = [act, *says("It is written."), *done()]
        hung = [[hang]] if task.id == "hung" else []
        return ScriptedModel(
            [[*says("I type hello now."), *call("type", text="hello"), *done("tool_use")],
             *hung, last]
        )  # fmt: skip


def narrated(*styles: Style | None, **fields: object) -> Experiment:
    """An arm for each style, called after it."""
    arms = {style or "none": {"narration": style} for style in styles}
    return define(
        **{"name": "spoken", "arms": arms, "tasks": (hello_task("nod", script=[NOD]),)} | fields
    )


def run(experiment: Experiment, root: Path, environment: FakeEnvironment | None = None) -> Store:
    place = LocalPlacement(2)
    runner = Runner(experiment, root, place, environment=environment or TalkingEnvironment())
    runner.run()
    place.close()
    return runner.store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Every style, and none, in a task whose person listens."""
    return run(narrated(None, *STYLES), tmp_path_factory.mktemp("spoken"))


def events(store: Store, style: str) -> list[ev.Event]:
    (name,) = [r.id for r in store.results() if r.arm == style]
    assert store.trial(name).result.passed
    return store.trial(name).events()


def lines(found: Sequence[ev.Event], state: str) -> dict[str, ev.Narrated]:
    """What was narrated and came to this end, by its text."""
    return {e.text: e for e in found if isinstance(e, ev.Narrated) and e.state == state}


def acted(found: Sequence[ev.Event]) -> ev.Event:
    return next(e for e in found if isinstance(e, ev.ActionStarted))


def test_the_log_of_a_trial_has_its_narration(store: Store) -> None:
    """The same setting as the page's, so that an imported trial speaks as it did."""
    for style in STYLES:
        found = [e for e in events(store, style) if isinstance(e, ev.SettingChanged)]
        assert [(e.name, e.value) for e in found] == [("voice.narration", style)]
    assert not [e for e in events(store, "none") if isinstance(e, ev.SettingChanged)]


def test_the_model_is_told_when_to_speak(store: Store) -> None:
    """The system prompt ends with the style's rule; without a style it is the prompt alone."""
    prompts = {
        result.arm: (store.trial(result.id).folder / "session" / "prompt.md").read_text()
        for result in store.results()
    }
    assert len(set(prompts.values())) == 4
    assert all(prompts[style].startswith(prompts["none"].rstrip()) for style in STYLES)
    assert "begin once the person has heard it" in prompts["announce-then-act"]
    assert "do not wait for your words" in prompts["act-while-speaking"]
    assert "Write nothing before or between actions" in prompts["report-after"]


def test_an_announced_action_waits_until_its_line_was_heard(store: Store) -> None:
    """The line ends, then the action begins; the wait is counted as the announcement's."""
    found = events(store, "announce-then-act")
    assert lines(found, "heard")["I type hello now."].seq < acted(found).seq
    metrics = measure(found)
    assert metrics["announcing_seconds"] > 1.0
    assert metrics["human_seconds"] == 0.0
    assert metrics["interruptions"] == 0.0
    assert metrics["seconds"] >= metrics["announcing_seconds"]


def test_while_speaking_the_action_does_not_wait(store: Store) -> None:
    """It begins amid the line; the result replaces what nobody has heard yet."""
    found = events(store, "act-while-speaking")
    assert lines(found, "speaking")["I type hello now."].seq < acted(found).seq
    assert lines(found, "heard")["I type hello now."].seq > acted(found).seq
    assert measure(found)["announcing_seconds"] == 0.0


def test_report_after_says_the_result_only(store: Store) -> None:
    """Nothing of the work is said, and the end is."""
    found = events(store, "report-after")
    assert list(lines(found, "queued")) == ["It is written."]
    assert list(lines(found, "heard")) == ["It is written."]


def test_without_a_listener_nothing_is_said(store: Store, tmp_path: Path) -> None:
    """No style, or no person in the task: trials are as they were before there was a choice."""
    assert not lines(events(store, "none"), "queued")
    alone = narrated("announce-then-act", tasks=(hello_task("alone"),))
    found = events(run(alone, tmp_path), "announce-then-act")
    assert not [e for e in found if isinstance(e, ev.Narrated | ev.HoldBegan)]


@pytest.mark.parametrize("do", ["say", "stop", "hold"])
def test_words_that_cut_in_end_the_line_and_the_announced_action(do: str, tmp_path: Path) -> None:
    """The rest is not heard, the action does not begin, and what the person wants is done."""
    amid = {"event": "narrated", "where": {"state": "speaking"}}
    script = [{"when": amid | {"after": 0.4}, "do": do, "text": "wait, not that"}]
    if do == "hold":
        script.append({"when": {"event": "understood"} | {"after": 0.5}, "do": "release"})
    task = hello_task("cut", script=script, checks=[{"interruptions": {"equals": 1}}])
    found = run(narrated("announce-then-act", tasks=(task,)), tmp_path)
    (result,) = found.results()
    assert result.status == "passed", result
    log = found.trial(result.id).events()
    cut = lines(log, "cut")["I type hello now."]
    assert cut.cut_at in (1, 2, 3)
    kept = [e for e in log if isinstance(e, ev.ActionStarted)]
    if do == "hold":
        over = next(e for e in log if isinstance(e, ev.HoldEnded))
        assert over.seq < kept[0].seq
        assert result.metrics["human_seconds"] > 0.0
    else:
        assert kept == []


def test_a_trial_that_is_stopped_falls_silent(tmp_path: Path) -> None:
    """A stop while nothing is said leaves no line that waits."""
    stop = {"when": {"event": "action_finished", "after": 0.1}, "do": "stop"}
    task = hello_task("hung", script=[stop], checks=[{"quiet_after_stop": {}}])
    found = run(narrated("act-while-speaking", tasks=(task,)), tmp_path)
    (result,) = found.results()
    assert result.status == "passed", result
    said = [e for e in found.trial(result.id).events() if isinstance(e, ev.Narrated)]
    assert [e.state for e in said] == ["queued", "speaking", "cut"]


class AskingStage(TalkingEnvironment):
    """What it does must be allowed."""

    def tools(self, arm: Arm, task: Task, desktop: Desktop) -> Sequence[Tool]:
        shell = {"command": "rm hello.txt"}
        return [FakeTool(name="shell", harmless=False, target=shell)]

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Model:
        last = [*says("It is gone."), *done()]
        return ScriptedModel(
            [[*call("type", command="rm hello.txt"), *done("tool_use")], last]
        )  # fmt: skip


@pytest.mark.parametrize(("after", "state"), [(0.0, "dropped"), (0.9, "cut")])
def test_a_question_that_was_answered_is_asked_no_further(
    after: float, state: str, tmp_path: Path
) -> None:
    """Answered at once it was not said; amid it, it was heard so far."""
    script = [{"when": {"event": "approval_asked", "after": after}, "do": "approve"}]
    task = hello_task("ask", script=script, approvals="script", checks=[{"asked": {}}])
    found = run(narrated("report-after", tasks=(task,)), tmp_path, AskingStage())
    (result,) = found.results()
    assert result.status == "passed", result
    said = [e for e in found.trial(result.id).events() if isinstance(e, ev.Narrated)]
    question = [e for e in said if e.priority == "question"]
    assert [e.state for e in question] == ["queued", "speaking", state]
    assert (question[-1].cut_at or 0) == 0 if after == 0 else (question[-1].cut_at or 0) >= 2
    assert said[-1].text == "It is gone."


def test_definitions_from_before_keep_their_hashes() -> None:
    """At its default the narration is not in the record, so that recorded trials still fit."""
    old = Arm(prompt_text="Be kind.")
    assert old.hash == BEFORE_NARRATION
    assert "narration" not in json.loads(small().model_dump_json())["arms"]["good"]
    assert Arm.model_validate_json(old.model_dump_json()).narration is None
    assert len({narrated(style).hash for style in (None, *STYLES)}) == 4
    assert len({Arm(narration=style).hash for style in (None, *STYLES)}) == 4


def test_a_definition_is_kept_with_its_narration(store: Store) -> None:
    """Read from its folder it is the same experiment."""
    again = Experiment.model_validate_json(store.experiment.model_dump_json())
    assert again.hash == store.experiment.hash
    assert [arm.narration for arm in store.experiment.arms.values()] == [None, *STYLES]


def test_narration_is_given_in_the_file(tmp_path: Path) -> None:
    """A field of an arm; a style that does not exist is told with those that do."""
    file = tmp_path / "spoken.yaml"
    file.write_text("arms: {a: {}, b: {narration: report-after}}\ntasks: [voice-stop]\n")
    assert load_experiment(file).arms["b"].narration == "report-after"
    file.write_text("arms: {a: {narration: shouting}}\ntasks: [voice-stop]\n")
    with pytest.raises(ConfigurationError, match=r"narration: .*announce-then-act"):
        load_experiment(file)


def test_narration_is_among_the_differences_and_in_the_report(store: Store) -> None:
    """Design and report name it; where nobody listens the design warns."""
    differing = differing_fields(store.experiment)
    assert differing == {"narration": {"none": "default", **{style: style for style in STYLES}}}
    text = report(store)
    assert "| arm | narration |" in text
    assert "waiting for announcements (s)" in text
    unheard = narrated(None, "report-after", tasks=(hello_task("alone"),))
    assert any("no task does a person listen" in w for w in summarise_design(unheard).warnings)
    heard = summarise_design(store.experiment).warnings
    assert not any("person listen" in w for w in heard)


def test_holds_of_the_person_are_told_from_announcements() -> None:
    """“Wait” amid an announcement is an interruption and a wait from then on, once."""
    given: list[tuple[float, ev.BaseEvent]] = [
        (0.0, ev.TaskStarted(task_id="k", text="x")),
        (1.0, ev.Narrated(narration_id="n1", text="I type.", state="speaking")),
        (1.0, ev.HoldBegan(reason=ev.ANNOUNCING)),
        (3.0, ev.Understood(utterance_id="u", meaning="hold")),
        (8.0, ev.HoldEnded()),
        (9.0, ev.TaskFinished(task_id="k", outcome="done", summary="")),
    ]
    log = [event.model_copy(update={"seq": n, "at": at}) for n, (at, event) in enumerate(given)]
    found = measure(log)  # type: ignore[arg-type]
    assert (found["holds"], found["announcing_seconds"]) == (1.0, 2.0)
    assert (found["human_seconds"], found["seconds"]) == (5.0, 4.0)
