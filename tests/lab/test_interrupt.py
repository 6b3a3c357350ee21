"""DesktopInterrupt: its tasks, its moments, its numbers, and agents of another make."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cases import THOROUGH
from interrupt_stage import TASKS, PaperEnvironment, arm_of, named, on_paper

from agent.errors import ConfigurationError
from agent.experiments.metrics_interrupted import CUTTING, PASSING, Spoken, interrupted
from agent.experiments.plan.deeds import deed_of
from agent.experiments.plan.desktop_interrupt import (
    INTENTS,
    MOMENTS,
    core_tasks,
    interrupt_tasks,
    scenarios,
)
from agent.experiments.plan.task import Task, Utterance
from agent.experiments.plan.trial import TrialResult
from agent.experiments.run.checks import run_check
from agent.experiments.run.foreign import Act, Desk, Ears, make_agent
from agent.experiments.run.preflight import task_faults
from agent.experiments.run.state import State
from agent.record import events as ev

PROVED = (
    tuple(TASKS)
    if THOROUGH
    else (
        *named("^minutes-(addition-thinking|revision-typing|retraction-done|stop-batch)$"),
        *named("^garden-(stop-done|aside-speaking|overheard-batch|approval-speaking)$"),
        *named("^trip-approval-(batch|typing)$"),
    )
)
"""Every intent and every moment; ``script/check`` plays them all."""

LISTENER, DEAF = "benchmarks.interrupt_agents:listener", "benchmarks.interrupt_agents:deaf"


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    """Trials on paper wait most of their time; many wait together."""
    with ThreadPoolExecutor(32) as pool:
        yield pool


# Tasks ----------------------------------------------------------------------------------


def test_there_are_forty_tasks_and_more_at_each_of_five_moments() -> None:
    """Seven intents, no two tasks alike, and each once at each moment."""
    tasks = interrupt_tasks()
    assert len(scenarios()) >= 40
    assert len(tasks) == 5 * len(scenarios())
    assert len({(t.instruction, t.script[0].text) for t in tasks if t.id.endswith("done")}) == len(
        scenarios()
    )
    pairs = Counter((t.interruption.intent, t.interruption.moment) for t in tasks if t.interruption)
    assert set(pairs) == {(intent, moment) for intent in INTENTS for moment in MOMENTS}


def test_the_core_has_forty_tasks_and_every_moment_equally_often() -> None:
    core = core_tasks()
    asked = [task.interruption for task in core if task.interruption]
    assert len({task.id.rpartition("-")[0] for task in core}) == len(asked) == 40
    assert set(Counter(one.moment for one in asked).values()) == {8}
    assert set(Counter(one.intent for one in asked)) == set(INTENTS)


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_whole(name: str) -> None:
    """Its checks, steps and start are such as there are."""
    assert task_faults(TASKS[name]) == []


def test_a_conditional_check_is_looked_into() -> None:
    """What it holds is bound to its signature, too."""
    wrong = ({"unless_over": {"holds": {"absent": {"file": "a"}}}},)
    task = TASKS["minutes-stop-batch"].model_copy(update={"checks": wrong})
    assert any("takes no “file”" in fault for fault in task_faults(task))


def test_what_is_retracted_is_named_for_undoing() -> None:
    """Each deed that is taken back has an effect to look for."""
    for scenario in scenarios():
        task = TASKS[f"{scenario.id}-done"]
        assert task.interruption is not None
        assert len(task.interruption.undo) == len(scenario.dropped)
        assert bool(scenario.dropped) == (scenario.intent in ("revision", "retraction"))


@pytest.mark.parametrize(
    "given",
    [
        {"folder": "a"},
        {"copy": "x.txt", "into": "a"},
        {"move": "x.txt", "into": "a"},
        {"rename": "x.txt", "to": "y.txt"},
        {"write": "z.txt", "text": "two words"},
    ],
)
def test_a_deed_may_be_done_twice_and_undone_twice(given: dict[str, str], tmp_path: Path) -> None:
    """What the oracle does after a cut holds wherever the work was."""
    (tmp_path / "x.txt").write_text("x")
    deed = deed_of(given)

    def holds(checks: Sequence[dict[str, object]]) -> bool:
        entries = tuple(f"{p.relative_to(tmp_path)}{'/' * p.is_dir()}" for p in tmp_path.rglob("*"))
        state = State(home=tmp_path, fixtures={"x.txt": b"x"}, entries=entries)
        return not any(run_check(one, state) for one in checks)

    assert holds(deed.undone)
    assert not holds(deed.done)
    for command, checks, there in (
        (deed.command, deed.done, True),
        (deed.undoing, deed.undone, False),
    ):
        for _ in range(2):
            asyncio.run(_bash(command, tmp_path))
            assert holds(checks)
            assert (tmp_path / deed.effect.path).exists() is there


async def _bash(command: str, home: Path) -> None:
    process = await asyncio.create_subprocess_exec("bash", "-c", command, env={"HOME": str(home)})
    assert await process.wait() == 0


def test_an_unknown_deed_is_told() -> None:
    with pytest.raises(ConfigurationError, match="no step"):
        deed_of({"fold": "a"})


def test_a_script_without_a_second_cue_has_the_hash_that_it_had() -> None:
    """Trials that were recorded before there was one still fit."""
    given = Utterance(text="stop", do="stop").model_dump_json()
    assert "otherwise" not in given
    plain = Task(id="a", instruction="x", checks=({"acted": {}},))
    assert "interruption" not in plain.model_dump_json()


# Proofs, on paper -----------------------------------------------------------------------


@pytest.mark.slow
async def test_the_oracle_passes_and_near_miss_and_idleness_do_not(
    threads: ThreadPoolExecutor,
) -> None:
    """Spoken in its moment, each time."""
    loop = asyncio.get_running_loop()
    arms = {"oracle": "passed", "near_miss": "failed", "nothing": "failed"}
    found = await asyncio.gather(
        *(loop.run_in_executor(threads, on_paper, n, arm) for n in PROVED for arm in arms)
    )
    for result in found:
        assert result.status == arms[result.arm], result
        if result.arm == "oracle":
            assert result.metrics["in_moment"] == 1.0, result


@pytest.mark.slow
async def test_agents_of_another_make_are_told_apart(threads: ThreadPoolExecutor) -> None:
    """One that listens does what is wanted; a deaf one goes on after a stop, and asks nobody."""
    loop = asyncio.get_running_loop()
    names = [
        "minutes-stop-batch", "minutes-revision-thinking", "minutes-addition-done",
        "minutes-overheard-batch", "trip-approval-batch", "garden-aside-thinking",
    ]  # fmt: skip

    async def play(agent: str) -> dict[str, TrialResult]:
        tried = (loop.run_in_executor(threads, on_paper, name, agent) for name in names)
        return {result.task: result for result in await asyncio.gather(*tried)}

    good, bad = await asyncio.gather(play(LISTENER), play(DEAF))
    assert {n: r.status for n, r in good.items()} == dict.fromkeys(names, "passed"), good
    assert [name for name, r in bad.items() if r.passed] == names[2:4]
    assert bad["minutes-stop-batch"].metrics["late_actions"] > 5
    assert good["minutes-stop-batch"].metrics["late_actions"] <= 2
    later = bad["minutes-stop-batch"].metrics["last_input_seconds"]
    assert later > good["minutes-stop-batch"].metrics["last_input_seconds"]


class Broken:
    """Acts once, and breaks down."""

    async def run(self, task: str, desk: Desk, ears: Ears) -> str:
        (outcome,) = await desk.act(Act("", {"command": "false"}, by="shell"))
        raise RuntimeError(f"failed: {outcome.failed}")


def broken(task: str) -> Broken:
    return Broken()


@pytest.mark.slow
def test_an_agent_that_breaks_down_is_an_error_with_its_reason() -> None:
    """Not a failure of its arm; what its act brought about had come back to it."""
    result = on_paper("minutes-stop-done", f"{__name__}:broken")
    assert result.status == "error"
    assert "RuntimeError('failed: True')" in result.error


def test_an_agent_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match=r"no agent nowhere\.at_all:x .*package\.module"):
        make_agent("nowhere.at_all:x", "t")


@pytest.mark.slow
def test_words_that_miss_their_moment_are_said_afterwards() -> None:
    """An agent that never speaks is spoken to when it is done, and the number says so."""
    silent = arm_of("oracle").model_copy(update={"narration": None})

    class Silent(PaperEnvironment):
        def voice(self, session, task, arm):  # type: ignore[no-untyped-def]
            return super().voice(session, task, silent)

    result = on_paper("minutes-revision-speaking", "oracle", Silent())
    assert result.status == "passed", result
    assert (result.metrics["in_moment"], result.metrics["at_work"]) == (0.0, 0.0)


# Numbers --------------------------------------------------------------------------------


def log(*given: tuple[float, ev.BaseEvent]) -> list[ev.Event]:
    return [e.model_copy(update={"seq": n, "at": at}) for n, (at, e) in enumerate(given)]  # type: ignore[misc]


def acted(name: str, begin: float, end: float, proposed: float) -> list[tuple[float, ev.BaseEvent]]:
    proposal = ev.ActionProposed(
        action_id=name, turn_id="t", tool="computer", name="type", input={}, action_hash=name
    )
    return [
        (proposed, proposal),
        (begin, ev.ActionStarted(action_id=name)),
        (end, ev.ActionFinished(action_id=name)),
    ]


def ordered(*parts: Sequence[tuple[float, ev.BaseEvent]]) -> list[ev.Event]:
    return log(*sorted((one for part in parts for one in part), key=lambda one: one[0]))


WORDS = Spoken("No, not the second.", began=10.0, ended=11.0)
TOOK = [(11.5, ev.Understood(utterance_id="u", meaning="redirect"))]


def test_time_to_the_last_input_is_that_of_the_old_plan() -> None:
    """From the end of the words; what the new plan does is not counted."""
    old, late = acted("a", 10.5, 11.8, 10.0), acted("b", 11.2, 12.5, 10.1)
    found = interrupted(ordered(old, late, TOOK, acted("c", 13, 14, 12.9)), WORDS, "revision")
    assert found["last_input_seconds"] == pytest.approx(1.5)
    assert found["late_actions"] == 1.0
    assert found["understood_seconds"] == pytest.approx(0.5)


def test_whoever_never_takes_words_in_has_only_old_actions() -> None:
    found = interrupted(ordered(acted("a", 20, 21, 19)), WORDS, "stop")
    assert (found["last_input_seconds"], found["late_actions"]) == (10.0, 1.0)
    assert "understood_seconds" not in found


def test_an_action_that_never_ran_is_no_input() -> None:
    gone = [(11.6, ev.ActionFinished(action_id="a", ran=False))]
    found = interrupted(ordered(acted("a", 10.5, 10.9, 10)[:1], TOOK, gone), WORDS, "stop")
    assert (found["last_input_seconds"], found["late_actions"]) == (0.0, 0.0)


def test_only_what_was_there_can_be_undone() -> None:
    """Of two effects that were there one is gone; the third had not come about."""
    words = Spoken("x", 1, 1, effects=(True, True, False))
    assert interrupted([], words, "retraction", (False, True, False))["undone"] == 0.5
    assert "undone" not in interrupted([], Spoken("x", 1, 1, effects=(False,)), "stop", (False,))


def test_words_that_no_transcript_has_are_unheard() -> None:
    """In their order, without interim transcripts, without what was said earlier."""
    heard = ordered(
        [(9, ev.Heard(utterance_id="e", text="second"))],
        [(10.5, ev.Heard(utterance_id="u", text="no not the", interim=True))],
        [(11.5, ev.Heard(utterance_id="u", text="No, not a second!"))],
    )
    assert interrupted(heard, WORDS, "stop")["unheard_words"] == 0.25
    assert interrupted([], WORDS, "stop")["unheard_words"] == 1.0


@pytest.mark.parametrize("intent", sorted(PASSING))
def test_a_stop_that_nobody_asked_for_is_needless(intent: str) -> None:
    """Cuts by words as well; they are no fault where something had to end."""
    cut = [
        (12.0, ev.Stopped(reason="x")),
        (13.0, ev.UserMessage(text="x", cuts=True)),
        (14.0, ev.UserMessage(text="and", cuts=False)),
    ]
    assert interrupted(ordered(cut), WORDS, intent)["needless_stops"] == 2.0
    assert all("needless_stops" not in interrupted([], WORDS, cutting) for cutting in CUTTING)


def test_words_that_were_cut_and_said_again_are_not_lost() -> None:
    """What stays unsaid is counted, of results and questions only."""

    def line(name: str, state: str, text: str, **more: object) -> ev.Narrated:
        given = {"narration_id": name, "text": text, "state": state, "priority": "result"}
        return ev.Narrated.model_validate(given | more)

    cut = [(12.0, line("a", "cut", "one two three four", cut_at=1))]
    chat = [(12.1, line("p", "cut", "so so", cut_at=0, priority="progress"))]
    rest = [(14.0, line("b", "heard", "two three four"))]
    assert interrupted(ordered(cut, chat), WORDS, "overheard")["unsaid_words"] == 3.0
    assert interrupted(ordered(cut, chat, rest), WORDS, "overheard")["unsaid_words"] == 0.0


def test_a_hold_is_counted_and_an_announcement_is_not() -> None:
    held = [(10.2, ev.HoldBegan(reason="speech")), (11.7, ev.HoldEnded())]
    own = [(12.0, ev.HoldBegan(reason=ev.ANNOUNCING)), (15.0, ev.HoldEnded())]
    assert interrupted(ordered(held, own), WORDS, "aside")["held_seconds"] == pytest.approx(1.5)


def test_a_task_that_overheard_words_begin_is_needless() -> None:
    begun = [(12.0, ev.TaskStarted(task_id="k", text="open the door"))]
    assert interrupted(ordered(begun), WORDS, "overheard")["needless_tasks"] == 1.0
    assert "needless_tasks" not in interrupted(ordered(begun), WORDS, "addition")


def test_what_was_over_before_the_words_is_not_asked_to_have_stopped(tmp_path: Path) -> None:
    """The check counts while the work goes on, and after a stop."""
    (tmp_path / "a").write_text("")
    gone = {"unless_over": {"holds": {"absent": {"path": "a"}}}}
    heard = [(5.0, ev.Heard(utterance_id="u", text="stop"))]

    def told(*parts: Sequence[tuple[float, ev.BaseEvent]]) -> str:
        events = tuple(ordered(*parts))
        return run_check(gone, State(home=tmp_path, entries=("a",), events=events))

    def ends(at: float, outcome: str) -> list[tuple[float, ev.BaseEvent]]:
        return [(at, ev.TaskFinished(task_id="k", outcome=outcome, summary=""))]  # type: ignore[arg-type]

    assert told(heard, ends(4, "done")) == ""
    assert told(heard, ends(6, "done")) == "a is there"
    assert told(heard, ends(4, "stopped")) == "a is there"
    assert told(ends(4, "done")) == "a is there"


def test_quiet_and_answers_are_counted_from_the_words_on(tmp_path: Path) -> None:
    heard = [(5.0, ev.Heard(utterance_id="u", text="what"))]
    reply = [(6.0, ev.Replied(text="I type."))]

    def told(name: str, *parts: Sequence[tuple[float, ev.BaseEvent]]) -> str:
        return run_check({name: {}}, State(home=tmp_path, events=tuple(ordered(*parts))))

    assert told("answered", heard, reply) == ""
    assert told("answered", heard) == "nothing was answered"
    begun = [(6.0, ev.TaskStarted(task_id="k", text="what"))]
    over = [(7.0, ev.TaskFinished(task_id="k", outcome="done", summary="I typed."))]
    assert told("answered", heard, begun, over) == ""
    assert told("answered", heard, over) == "nothing was answered"
    assert told("answered", reply) == "nothing was heard"
    assert told("quiet_after_words", heard, acted("a", 4, 6, 3)) == ""
    assert (
        told("quiet_after_words", heard, acted("a", 6, 7, 3)) == "1 actions began after the words"
    )
    assert told("quiet_after_words") == "nothing was heard"
