"""What the page shows is a reduction of the log, batched, and lets go of it."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest

from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.history import CUT
from agent.settings import Settings
from dashboard.describe import describe, mark_of
from dashboard.notices import notices
from dashboard.state import Feed, PageState
from dashboard.voice.client.speakable import read_back


def image_url(sha256: str) -> str:
    return f"pictures/{sha256}"


def proposed(name: str, target: dict[str, str] | None = None, **given: Any) -> ev.ActionProposed:
    return ev.ActionProposed(
        action_id="a1",
        turn_id="t1",
        tool="computer",
        name=name,
        input=given,
        action_hash="h",
        target=target or {},
    )


EDITOR = "str_replace_based_edit_tool"
PICTURE = ev.Image(sha256="0" * 64, media_type="image/jpeg", width=1280, height=800)
STORY: list[ev.Event] = [
    ev.Heard(utterance_id="u1", text="open the", interim=True),
    ev.Heard(utterance_id="u1", text="Open the editor."),
    ev.TaskStarted(task_id="k1", text="Open the editor.", source="voice"),
    ev.TurnStarted(turn_id="t1", model="scripted"),
    ev.TextStreamed(turn_id="t1", text="I open "),
    ev.TextStreamed(turn_id="t1", text="it."),
    proposed("left_click", {"name": "Text Editor"}, coordinate=[30, 40]),
    ev.ActionStarted(action_id="a1"),
    ev.ActionFinished(action_id="a1", seconds=0.4),
    ev.ScreenSeen(action_id="a1", image=PICTURE),
    ev.TurnFinished(turn_id="t1", stop_reason="end_turn", usage=ev.Usage(input_tokens=7)),
    ev.TaskFinished(task_id="k1", outcome="done", summary="It is open."),
]


@pytest.fixture
def state(tmp_path: Any) -> PageState:
    return PageState(image_url, Settings(data_dir=tmp_path, _env_file=None))  # type: ignore[call-arg]


async def shown(state: PageState, log: EventLog, story: list[ev.Event]) -> list[dict[str, Any]]:
    """The operations that one frame hands on after a burst of events."""
    handed: asyncio.Queue[list[dict[str, Any]]] = asyncio.Queue()
    state.conversation.param.watch(lambda change: handed.put_nowait(change.new), "operations")
    for event in story:
        log.append(event)
    async with asyncio.timeout(20):
        return await handed.get()


async def test_a_burst_of_events_is_one_update(state: PageState) -> None:
    """Each item once, in order, in its last state."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    operations = await shown(state, log, STORY)
    feed.close()
    items = [operation["put"] for operation in operations]
    assert [item["kind"] for item in items] == ["heard", "said", "action", "outcome"]
    heard, said, action, outcome = items
    assert (heard["text"], heard["interim"]) == ("Open the editor.", False)
    assert (said["text"], said["streaming"]) == ("I open it.", False)
    assert (action["title"], action["state"]) == ("Click “Text Editor”", "done")
    assert action["image"] == image_url(PICTURE.sha256)
    assert outcome["text"] == "It is open."
    assert (state.status.title, state.limits.tokens) == ("Open the editor.", 7)


async def test_streamed_text_is_appended(state: PageState) -> None:
    """A known item grows by what is new, it is not sent again."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    await shown(state, log, STORY[:5])
    operations = await shown(state, log, STORY[5:6])
    feed.close()
    assert operations == [{"append": "text-4", "text": "it."}]


async def test_a_late_page_has_it_all(state: PageState) -> None:
    """A page that opens later shows the same as one that watched."""
    log = EventLog()
    for event in STORY:
        log.append(event)
    feed = Feed(log, state, nullcontext)
    kinds = [operation["put"]["kind"] for operation in state.items()]
    feed.close()
    assert kinds == ["heard", "said", "action", "outcome"]


async def test_the_whole_and_the_changes_never_say_it_twice(state: PageState) -> None:
    """Text that waits for its frame when the whole is asked for is not appended again."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    await shown(state, log, STORY[:5])
    log.append(STORY[5])
    assert state.items()[-1]["put"]["text"] == "I open it."
    assert all("append" not in operation for operation in state.transcript.drain())
    feed.close()


async def test_a_spoken_part_of_what_is_shown_is_not_shown_twice(state: PageState) -> None:
    """Speech leaves signs out and says one sentence at a time; new words are shown."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    lines: list[ev.Event] = [
        ev.TextStreamed(turn_id="t1", text="It is open. I run “ls ~” now."),
        ev.Narrated(narration_id="n1", text="I run “ls ” now.", state="speaking"),
        ev.Narrated(narration_id="n2", text="One moment.", state="speaking"),
    ]
    await shown(state, log, lines)
    feed.close()
    items = [operation["put"] for operation in state.items()]
    assert [(item["kind"], item["speech"]) for item in items] == [
        ("said", "speaking"),
        ("spoken", "speaking"),
    ]


async def test_a_question_read_back_in_other_words_is_not_shown_twice(state: PageState) -> None:
    """Signs are said as words, which the eyes need not read."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    question = "Run the command “ls ~ | wc -l”? Say “yes, run it” to allow it."
    asked = ev.ApprovalAsked(
        approval_id="p1",
        action_id="a1",
        action_hash="h",
        question=question,
        phrase="yes, run it",
        rule="shell",
    )
    aloud = read_back(question, "yes, run it")
    assert "home piped into" in aloud
    said = ev.Narrated(narration_id="n1", text=aloud, state="speaking")
    await shown(state, log, [asked, said])
    feed.close()
    items = {operation["put"]["id"]: operation["put"] for operation in state.items()}
    assert [(item["kind"], item["speech"]) for item in items.values()] == [("approval", "speaking")]


async def test_a_closed_feed_holds_nothing(state: PageState) -> None:
    """After the page's death the log tells it nothing more."""
    log = EventLog()
    feed = Feed(log, state, nullcontext)
    feed.close()
    for event in STORY:
        log.append(event)
    assert state.items() == []
    assert state.status.who == "idle"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (proposed("left_click", {"name": "Save As…"}, coordinate=[1, 2]), "Click “Save As…”"),
        (proposed("double_click", coordinate=[1, 2]), "Double-click (1, 2)"),
        (proposed("type", text="hello\nworld"), "Type “hello world”"),
        (proposed("key", text="ctrl+s"), "Press ctrl+s"),
        (proposed("bash", command="ls ~"), "Run ls ~"),
        (proposed(EDITOR, command="create", path="list.txt", file_text="x"), "Write list.txt"),
        (proposed("scroll", scroll_direction="down", coordinate=[5, 6]), "Scroll down (5, 6)"),
        (proposed("odd_new_tool", depth=2), "Odd new tool depth 2"),
    ],
)
def test_an_action_is_said_in_a_persons_words(event: ev.ActionProposed, words: str) -> None:
    assert describe(event) == words


def test_a_mark_is_where_the_action_is() -> None:
    """Bad coordinates mark nothing instead of failing."""
    assert mark_of(proposed("left_click", coordinate=[30, 40]))["x"] == 30
    drag = proposed("left_click_drag", start_coordinate=[1, 2], coordinate=[3, 4])
    assert mark_of(drag)["to"] == [3, 4]
    assert mark_of(proposed("left_click", coordinate="nonsense")) == {}
    assert mark_of(proposed("type", text="x")) == {}


def test_an_unconfined_desktop_is_said_plainly(tmp_path: Any) -> None:
    """And only when it runs unconfined."""
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]

    def ids(**given: Any) -> list[str]:
        return [notice["id"] for notice in notices(settings, model="scripted", **given)]

    assert "confined" in ids(confined=False, desktop="ready")
    assert "confined" not in ids(confined=True, desktop="ready")
    assert "confined" not in ids(confined=False, desktop="starting")


def test_in_a_container_it_is_said_that_the_container_alone_confines(tmp_path: Any) -> None:
    alone = Settings(data_dir=tmp_path, contained=True, _env_file=None)  # type: ignore[call-arg]
    first = notices(alone, model="scripted", confined=False, desktop="ready")[0]
    assert first["label"] == "confined by the container alone"
    assert "other sessions' files" in first["text"]


def test_programs_that_are_not_watched_are_said_plainly(tmp_path: Any, state: PageState) -> None:
    """With the reason, and only while the desktop runs."""
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]

    def told(desktop: str, unwatched: str) -> list[str]:
        given = {"confined": True, "desktop": desktop, "unwatched": unwatched}
        found = notices(settings, model="scripted", **given)  # type: ignore[arg-type]
        return [notice["text"] for notice in found if notice["id"] == "unwatched"]

    assert "not permitted" in told("ready", "Operation not permitted")[0]
    assert told("ready", "") == told("starting", "Operation not permitted") == []


async def test_programs_that_nothing_bounds_are_said_plainly(tmp_path: Any, state: PageState):
    """Where the session's status is, with the reason, from what the log says on."""
    settings = Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]

    log, desktop = EventLog(), state.desktop
    feed = Feed(log, state, nullcontext)

    async def told(**given: Any) -> list[str]:
        log.append(ev.DesktopChanged(confined=True, **given))
        async with asyncio.timeout(20):
            while desktop.state != given["state"]:
                await asyncio.sleep(0.01)
        found = notices(
            settings,
            model="scripted",
            confined=desktop.confined,
            desktop=desktop.state,
            unbounded=desktop.unbounded,
        )
        return [notice["text"] for notice in found if notice["id"] == "unbounded"]

    assert "there are no groups" in (await told(state="ready", unbounded="there are no groups"))[0]
    assert await told(state="died") == []
    assert await told(state="ready") == []
    feed.close()


@pytest.mark.parametrize(
    ("fate", "word"),
    [
        (None, "answered"),
        (ev.ActionFinished(action_id="a1"), "done"),
        (ev.ActionFinished(action_id="a1", is_error=True), "ended"),
        (ev.ActionFinished(action_id="a1", is_error=True, ran=False), "ended"),
    ],
    ids=["no action", "carried out", "failed", "not allowed"],
)
def test_a_task_is_called_done_only_when_its_last_action_was(
    state: PageState, fate: ev.ActionFinished | None, word: str
) -> None:
    """The model's own end says nothing of what came of it; an earlier task's actions neither."""
    earlier = [ev.ActionFinished(action_id="a0", is_error=word == "done")]
    begun = ev.TaskStarted(task_id="k1", text="Do it.", source="typed")
    ended = ev.TaskFinished(task_id="k1", outcome="done", summary="So it is.")
    for event in (*earlier, begun, *([fate] if fate else []), ended):
        state.transcript.feed(event)
    [item] = [i for i in state.transcript.snapshot() if i["kind"] == "outcome"]
    assert item["outcome"] == word


async def test_what_a_person_allows_more_is_what_the_meters_go_by(tmp_path: Any) -> None:
    """The warning goes with the yes; another setting later keeps what was allowed on top."""
    settings = Settings(data_dir=tmp_path, max_dollars=1.0, _env_file=None)  # type: ignore[call-arg]
    state = PageState(image_url, settings)
    state.take(ev.LimitReached(limit="dollars", used=1.25, allowed=1.0, share=1.25))
    state.show()
    assert state.limits.warning
    state.take(ev.LimitExtended(limit="dollars", allowed=2.25))
    state.show()
    assert (state.limits.warning, state.limits.allowed["dollars"]) == ("", 2.25)
    state.take(ev.SettingChanged(name="max_dollars", value=3.0))
    state.show()
    assert state.limits.allowed["dollars"] == 4.25


@pytest.mark.parametrize(
    ("ended", "how"),
    [
        (ev.ActionFinished(action_id="a1"), "done"),
        (ev.ActionFinished(action_id="a1", is_error=True, text="No such file."), "failed"),
        (ev.ActionFinished(action_id="a1", is_error=True, text=CUT), "cut"),
        (ev.ActionFinished(action_id="a1", is_error=True, ran=False), "skipped"),
    ],
)
def test_an_action_that_a_person_cut_off_has_not_failed(
    state: PageState, ended: ev.ActionFinished, how: str
) -> None:
    proposed = ev.ActionProposed(
        turn_id="t", action_id="a1", tool="computer", name="wait", input={}, action_hash=""
    )
    for event in (proposed, ended):
        state.transcript.feed(event)
    [item] = [i for i in state.transcript.snapshot() if i["kind"] == "action"]
    assert item["state"] == how
