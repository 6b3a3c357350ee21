"""What becomes of words that come while a task runs: done after it, instead of it, or in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agent.errors import BadInput, JournalError
from agent.record import events as ev
from agent.session.fate import fate_of
from agent.session.session import Session
from agent.testing.memory import MemorySessionJournal
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolResult


@pytest.mark.parametrize(
    ("fate", "texts"),
    [
        (
            "after",
            (
                "Create a file called bbb.",
                "the second one",
                "wait 5 seconds",
                "Then save it.",
                "Please open the terminal",
                "Type no",
                "type see you too",
                "Write: I would rather not, instead.",
                "What is two and two?",
                "Nothing else.",
                "type no instead of yes",
                "Type I would rather do it instead",
                'type "goodbye instead"',
                "type: goodbye instead",
                "type bye as well",
                "Notes: buy milk",
                "…",
            ),
        ),
        (
            "redirect",
            (
                "No, the other one.",
                "no open the edit menu instead",
                "Actually put it in the second line",
                "Instead of that, open the terminal.",
                "please open the terminal instead",
                "Rather the left one",
                "Stop, open the text editor.",
                "stop that and open the text editor",
                "Okay, don\N{RIGHT SINGLE QUOTATION MARK}t do that.",
                "Wait, use the left one",
                "Sayso, I meant the green one",
                "Not that one",
                "Sorry, the other button",
                "The blue one, not that one",
                "type goodbye instead",
                "Please type goodbye instead, thanks.",
                'type "goodbye" instead',
                "type one two three, instead",
                "could you open the terminal instead please",
                "open the terminal rather than the editor",
                "Whoops, type goodbye",
                "my mistake, open the terminal",
            ),
        ),
        (
            "join",
            (
                "And also save it.",
                "also save it",
                "Can you also close the window?",
                "Additionally, write the date below.",
                "Put it in bold, too.",
                "and save it",
                "Make a copy as well",
                "Plus one line at the end",
                "save it as well, please",
            ),
        ),
    ],
)
def test_the_words_themselves_decide(fate: str, texts: tuple[str, ...]) -> None:
    assert {text: fate_of(text) for text in texts} == dict.fromkeys(texts, fate)


def started(session: Session) -> list[str]:
    return [e.text for e in session.log.of(ev.TaskStarted)]


def busy() -> tuple[FakeTool, list[list[Any]]]:
    """A tool that hangs until it is cut, and answers for four tasks."""

    async def slow(call: Any) -> Any:
        await hang()

    answers = [[*says(f"Done {n}."), *done()] for n in range(1, 5)]
    return FakeTool(slow), [[*call(), *done("tool_use")], *answers]


async def in_an_action(session: Session) -> None:
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)


async def test_plain_words_are_done_afterwards_each_as_a_task_of_its_own(make):
    """The model reads them when their time has come, not before."""
    go = asyncio.Event()
    session = await make(
        [[go.wait, *says("One."), *done()], [*says("Two."), *done()], [*says("Three."), *done()]]
    )
    first = session.say("Create aaa")
    second = session.say("Create bbb")
    third = session.say("Create ccc")
    assert len({first, second, third}) == 3
    assert [w.text for w in session.status.queue] == ["Create bbb", "Create ccc"]
    go.set()
    await session.wait_idle(20)
    ends = session.log.of(ev.TaskFinished)
    assert [(e.task_id, e.summary) for e in ends] == [
        (first, "One."),
        (second, "Two."),
        (third, "Three."),
    ]
    assert session.status.queue == ()
    asked = [str(request) for request in session.model.requests]
    assert ["Create bbb" in request for request in asked] == [False, True, True]
    assert not session.model.faults


async def test_a_correction_replaces_and_says_what_it_replaced(make):
    tool, scripts = busy()
    session = await make(scripts, tool)
    task = session.say("Create aaa")
    await in_an_action(session)
    session.say("and also ddd")
    waiting = session.say("Create ccc")
    assert session.say("No, bbb instead") == task
    first, joined, cut = (
        session.log.of(ev.UserMessage)[0],
        *(
            e
            for e in session.log.of(ev.UserMessage)
            if e.text in ("and also ddd", "No, bbb instead")
        ),
    )
    assert cut.replaces == (first.utterance_id, joined.utterance_id)
    assert cut.cuts
    assert not joined.cuts
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create ccc"]
    assert session.log.of(ev.TaskFinished)[-1].task_id == waiting


async def test_after_a_stop_nothing_begins_but_what_waited_can_still_be_done(make):
    tool, scripts = busy()
    session = await make(scripts, tool)
    session.say("Create aaa")
    await in_an_action(session)
    session.say("Create bbb", utterance_id="b")
    session.say("Create ccc", utterance_id="c")
    session.stop("button")
    await asyncio.sleep(0)
    assert session.status.queue == ()
    assert [w.text for w in session.status.kept] == ["Create bbb", "Create ccc"]
    assert [e.fate for e in session.log.of(ev.TaskUnqueued)] == ["kept", "kept"]
    assert session.change_fate("c", "after")
    assert session.change_fate("b", "cancel")
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create ccc"]
    assert session.status.kept == ()
    assert not session.change_fate("c", "cancel")
    assert not session.change_fate("unknown", "after")


@pytest.mark.parametrize(
    ("to", "tasks", "requests"),
    [
        ("redirect", ["Create aaa"], 2),
        ("join", ["Create aaa"], 2),
        ("cancel", ["Create aaa"], 2),
        ("after", ["Create aaa", "Create bbb"], 3),
    ],
)
async def test_a_person_decides_otherwise_about_words_that_wait(make, to, tasks, requests):
    going = asyncio.Event()

    async def slow(call: Any) -> Any:
        await going.wait()
        return await FakeTool().run(call, lambda _: None)

    answers = [[*says("Well."), *done()] for _ in range(3)]
    session = await make([[*call(), *done("tool_use")], *answers], FakeTool(slow))
    session.say("Create aaa")
    await in_an_action(session)
    session.say("Create bbb", utterance_id="b")
    assert session.change_fate("b", to) == (to != "after")
    going.set()
    await session.wait_idle(20)
    assert started(session) == tasks
    assert len(session.model.requests) == requests
    read = "Create bbb" in str(session.model.requests)
    assert read == (to != "cancel")
    cuts = [e.cuts for e in session.log.of(ev.UserMessage) if e.text == "Create bbb"]
    assert cuts == {"redirect": [True], "join": [False], "cancel": [], "after": [False]}[to]
    assert not session.model.faults


async def test_what_was_replaced_or_dropped_can_be_done_after_all(make):
    tool, scripts = busy()
    session = await make(scripts, tool)
    session.say("Create aaa", utterance_id="a")
    await in_an_action(session)
    assert not session.change_fate("a", "after")  # it is being done
    session.say("No, create bbb", utterance_id="b")
    assert session.change_fate("a", "after")
    assert not session.change_fate("a", "after")  # it waits already
    session.say("Create ccc", utterance_id="c")
    session.change_fate("c", "cancel")
    assert session.change_fate("c", "after")
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create aaa", "Create ccc"]


async def test_words_said_while_the_person_has_the_mouse_wait_for_it_in_order(make):
    session = await make([[*says(f"Done {n}."), *done()] for n in range(3)])
    session.take_control()
    for text in ("Create aaa", "Create bbb"):
        session.say(text)
    await session.wait_idle(20)
    assert started(session) == []
    assert [w.waits_for for w in session.status.queue] == ["mouse", "mouse"]
    session.return_control()
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create bbb"]
    assert "I used the mouse" in str(session.model.requests[0])


async def test_a_task_that_is_interrupted_by_hand_is_done_before_what_waits(make):
    tool, scripts = busy()
    session = await make(scripts, tool)
    session.say("Create aaa")
    await in_an_action(session)
    session.say("Create bbb")
    session.take_control()
    session.say("Create ccc")
    assert [w.text for w in session.status.queue] == ["Create bbb", "Create ccc"]
    session.return_control()
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create bbb", "Create ccc"]


async def test_a_hold_outlasts_the_end_of_a_task(make):
    """The next task begins, but not to act."""
    tool = FakeTool()
    go = asyncio.Event()
    session = await make(
        [[go.wait, *says("One."), *done()], [*call(), *done("tool_use")], [*says("."), *done()]],
        tool,
    )
    session.say("Create aaa")
    session.say("Create bbb")
    await session.log.wait_for(lambda e: e.kind == "turn_started", timeout=20)
    since = len(session.log)
    session.hold("You asked to wait.")
    go.set()
    await session.log.wait_for(lambda e: e.kind == "task_started", since=since, timeout=20)
    for _ in range(50):
        await asyncio.sleep(0)
    assert session.status.held
    assert not tool.began
    session.release()
    await session.wait_idle(20)
    assert len(tool.ran) == 1


@pytest.mark.parametrize("why", ["model", "limit"])
async def test_where_it_could_not_go_on_the_rest_is_kept_rather_than_burnt(make, why):
    scripts: list[list[Any]] = [[RuntimeError("no network")], [*says("No."), *done()]]
    spend = [[*call(x=i), *done("tool_use", dollars=1.0)] for i in range(3)]
    session = await make(spend if why == "limit" else scripts, max_dollars=1.0)
    session.say("Create aaa")
    session.say("Create bbb")
    if why == "limit":
        asked = await session.log.wait_for(lambda e: e.kind == "question_asked", timeout=20)
        session.answer(asked.question_id, "no")
    await session.wait_idle(20)
    assert started(session) == ["Create aaa"]
    assert [w.text for w in session.status.kept] == ["Create bbb"]


async def test_what_waits_survives_a_kill_and_begins_only_when_the_person_says_so(settings):
    def parts() -> dict[str, Any]:
        answers = [[*says("Well."), *done()] for _ in range(3)]
        return {"desktop": FakeDesktop(), "tools": (FakeTool(),), "model": ScriptedModel(answers)}

    hung = parts() | {"model": ScriptedModel([[*says("I"), hang]])}
    session = Session.create(settings, session_id="killed", **hung)
    await session.open()
    session.say("Create aaa")
    session.say("Create bbb", utterance_id="b")
    session.control.abandon()
    await session.control.finished()
    session.journal.close()
    again = Session.resume(settings, "killed", **parts())
    await again.open()
    await again.wait_idle(20)
    assert started(again) == ["Create aaa"]
    assert [w.text for w in again.status.kept] == ["Create bbb"]
    assert again.change_fate("b", "redirect")
    await again.wait_idle(20)
    assert started(again) == ["Create aaa", "Create bbb"]
    await again.close()


async def test_a_session_that_is_closed_says_what_was_not_done(make):
    session = await make([[*says("I"), hang]])
    session.say("Create aaa")
    session.say("Create bbb")
    await session.close()
    assert [e.fate for e in session.log.of(ev.TaskUnqueued)] == ["kept"]


async def test_words_said_while_the_session_closes_begin_nothing_and_are_kept(make):
    tool = FakeTool()
    session = await make([[hang], [*call(), *done("tool_use")], [*says("."), *done()]], tool)
    session.say("Create aaa")
    await session.log.wait_for(lambda e: e.kind == "turn_started", timeout=20)
    closing = asyncio.create_task(session.close())
    await session.log.wait_for(lambda e: e.kind == "turn_finished", timeout=20)
    session.say("No, create bbb", utterance_id="b")
    session.say("Create ccc")
    await closing
    assert started(session) == ["Create aaa"]
    assert [w.text for w in session.status.kept] == ["No, create bbb", "Create ccc"]
    assert session.status.task_id is None
    assert not tool.began


async def test_of_two_pages_that_change_the_same_words_the_second_changes_nothing(make):
    tool, scripts = busy()
    session = await make(scripts, tool)
    session.say("Create aaa")
    await in_an_action(session)
    session.say("Create bbb", utterance_id="b")
    assert session.change_fate("b", "redirect")
    events = len(session.log)
    assert [session.change_fate("b", to) for to in ("redirect", "join", "cancel", "after")] == [
        False
    ] * 4
    assert len(session.log) == events
    await session.wait_idle(20)
    assert started(session) == ["Create aaa"]


async def test_words_that_wait_for_the_mouse_keep_their_place(make):
    session = await make([[*says(f"Done {n}."), *done()] for n in range(3)])
    session.take_control()
    session.say("Create aaa", utterance_id="a")
    session.say("Create bbb")
    assert not session.change_fate("a", "redirect")
    assert not session.change_fate("a", "join")
    session.return_control()
    await session.wait_idle(20)
    assert started(session) == ["Create aaa", "Create bbb"]


async def test_ten_things_said_at_once_are_done_in_order_whatever_they_are(make):
    """Long, twice the same, half a sign, a NUL, and a redirection to the very same words."""
    half = "half \ud83d"
    texts = ["x " * 2000, "Create aaa", "Create aaa", half, "a\0b", "\N{ZERO WIDTH SPACE}b", "7"]
    go = asyncio.Event()
    session = await make(
        [[go.wait, *says("One."), *done()], *([*says("Well."), *done()] for _ in range(9))]
    )
    session.say("Create aaa", utterance_id="same")
    for text in texts:
        session.say(text)
    session.say("Create aaa", how="redirect", utterance_id="same")
    go.set()
    await session.wait_idle(20)
    done_texts = [text.strip().replace("\ud83d", "?") for text in texts]
    assert started(session) == ["Create aaa", *done_texts]
    assert session.status.queue == session.status.kept == ()
    assert not session.model.faults


async def test_an_addition_in_the_last_moment_is_still_read(make):
    """It comes when the last answer is there and the task is about to end."""
    said: list[str] = []

    async def speak() -> None:
        said.append(session.say("and also save it"))

    session = await make([[*says("One."), *done(), speak], [*says("Saved."), *done()]])
    task = session.say("Create aaa")
    await session.wait_idle(20)
    assert said == [task]
    assert started(session) == ["Create aaa"]
    assert "and also save it" in str(session.model.requests[-1])
    assert len(session.model.requests) == 2


class FullDisk(MemorySessionJournal):
    """Takes events until it is full."""

    full = False

    def write(self, event: ev.Event) -> None:
        if self.full:
            raise JournalError("The disk is full.")
        super().write(event)


async def test_words_that_cannot_be_written_down_are_refused_and_change_nothing(settings):
    disk, model = FullDisk(), ScriptedModel([[*says("I"), hang]])
    parts: dict[str, Any] = {"desktop": FakeDesktop(), "tools": (FakeTool(),), "model": model}
    session = Session(settings, "full", disk, **parts)
    await session.open()
    session.say("Create aaa")
    disk.full = True
    with pytest.raises(JournalError):
        session.say("Create bbb")
    disk.full = False
    assert session.status.queue == ()
    await session.close()


async def test_an_addition_brings_back_work_that_broke_off(settings):
    """The disk was full for a while; words that join are not left lying."""
    disk = FullDisk()

    async def fill() -> None:
        disk.full = True

    model = ScriptedModel([[fill, *says("I"), *done()], [*says("Done."), *done()]])
    parts: dict[str, Any] = {"desktop": FakeDesktop(), "tools": (FakeTool(),), "model": model}
    session = Session(settings, "full", disk, **parts)
    await session.open()
    session.say("Create aaa")
    await session.wait_idle(20)
    assert session.trouble
    disk.full = False
    session.say("and also bbb")
    await session.wait_idle(20)
    assert session.status.outcome == "done"
    await session.close()


@pytest.mark.parametrize(
    ("last", "outcome"),
    [
        ({}, "done"),
        ({"exit_code": 0}, "done"),
        ({"exit_code": 127}, "ended"),
        ({"is_error": True}, "ended"),
    ],
)
async def test_a_task_is_done_only_if_its_last_action_succeeded(make, last, outcome):
    async def act(call: Any) -> ToolResult:
        return ToolResult("It says this.", **last)

    session = await make([[*call(), *done("tool_use")], [*says("Done."), *done()]], FakeTool(act))
    session.say("Run it.")
    await session.wait_idle(20)
    assert session.log.of(ev.TaskFinished)[-1].outcome == outcome
    assert session.log.of(ev.ActionFinished)[-1].exit_code == last.get("exit_code")


async def test_what_is_meant_for_the_model_is_not_shown_to_people(make):
    tool = FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)
    session = await make(
        [[*call("bash", toolset=None, command="ls"), *done("tool_use")], [*says("."), *done()]],
        tool,
    )
    session.say("List the files.")
    asked = await session.log.wait_for(lambda e: e.kind == "approval_asked", timeout=20)
    session.approve(asked.approval_id, "deny", channel="button")
    await session.wait_idle(20)
    refused = session.log.of(ev.ActionFinished)[-1]
    assert refused.words == "Not done: you said no."
    assert "Ask what they would like instead" in str(session.model.requests[-1])
    assert session.log.of(ev.TaskFinished)[-1].outcome == "ended"


async def test_people_read_their_own_words_where_a_tool_advises_the_model(make):
    async def act(call: Any) -> ToolResult:
        return ToolResult("Too far. Take a screenshot.", is_error=True, shown="Too far \ud83d.")

    session = await make([[*call(), *done("tool_use")], [*says("No."), *done()]], FakeTool(act))
    session.say("Click it.")
    await session.wait_idle(20)
    failed = session.log.of(ev.ActionFinished)[-1]
    assert failed.words == "Too far \N{REPLACEMENT CHARACTER}."
    assert "Take a screenshot." in str(session.model.requests[-1])


def test_a_tool_s_error_brings_its_words_for_people():
    error = BadInput("Use view_range.", shown="Not done.")
    assert ToolResult.of(error) == ToolResult("Use view_range.", is_error=True, shown="Not done.")
    assert ToolResult.of(BadInput("No.")).shown is None
