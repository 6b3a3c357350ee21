"""What is said about what was said before: corrections, repeats, and the other one."""

from __future__ import annotations

import pytest

from agent.desktop.base import Box, Node, Tree, Window
from agent.models.offline.conversation import plan_for
from agent.models.offline.places import find_windows
from agent.models.offline.pointing import click_label
from agent.models.offline.progress import Progress
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Moment
from agent.models.offline.view import View
from agent.testing.fake_desktop import FakeDesktop


def meant(*said: str, answer: str = "") -> list[str]:
    """The last of some instructions, as intents with the slots that are not empty."""
    plan = plan_for(Progress(said, answers={len(said) - 2: answer}), len(said) - 1)
    return [
        " ".join([c.intent, *(f"{k}={v}" for k, v in sorted(c.slots.items()) if v)])
        for c in plan.commands
    ]


@pytest.mark.parametrize(
    ("before", "said", "means"),
    [
        ("open the terminal", "sorry, I meant the text editor", "open_app app=text editor"),
        ("open the file manager", "no no, the terminal", "open_app app=terminal"),
        ("open notes", "no, the long one", "open_app app=long"),
        ("maximise the terminal", "no I meant the editor", "maximise window=editor"),
        ("select brown", "no, quick", "text act=select phrase=quick"),
        ("scroll to the bottom", "I meant up", "scroll direction=up"),
        ("open the file menu", "no, I meant the search menu", "menu menu=search"),
        (
            "type see you monday",
            "not monday, tuesday",
            "text act=replace phrase=monday text=tuesday",
        ),
        ("close the terminal", "not the terminal, the editor", "close window=editor"),
        ("open the file menu", "not that one, the Edit menu", "menu menu=Edit"),
        (
            "create a folder called Hollidays",
            "it should be called Holidays",
            "change_file file=Hollidays name=Holidays what=rename",
        ),
    ],
)
def test_a_correction_replaces_what_was_wrong(before: str, said: str, means: str) -> None:
    assert meant(before, said) == [means]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("open the file manager, no wait, the terminal", ["open_app app=terminal"]),
        ("close the editor, I mean the terminal", ["close window=terminal"]),
        ("start the editor or rather the file manager", ["open_app app=file manager"]),
        ("select quick, sorry, lazy", ["text act=select phrase=lazy"]),
        ("press backspace twice, no, three times", ["keys keys=backspace three times"]),
        ("make a folder called Work, actually call it Office", ["create_folder name=Office"]),
        ("open the terminal, no wait, close the window", ["close"]),
        ("open the terminal, wait, close the window", ["open_app app=terminal", "close"]),
        (
            "open the terminal, wait ten seconds and close the window",
            ["open_app app=terminal", "wait count=ten unit=second", "close"],
        ),
        (
            "open the terminal, wait a moment, then close the window",
            ["open_app app=terminal", "wait count=1 unit=second", "close"],
        ),
        (
            "open the terminal, hold on two seconds and close the window",
            ["open_app app=terminal", "wait count=two unit=second", "close"],
        ),
        ("open the terminal, wait a minute, the editor", ["open_app app=editor"]),
        ("open the terminal, no ", ["open_app app=terminal, no"]),
        ("type hello, no, goodbye", ["type text=hello, no, goodbye"]),
    ],
)
def test_a_correction_within_a_sentence_is_heeded(said: str, means: list[str]) -> None:
    assert meant(said) == means


def test_what_a_correction_of_nothing_would_change_is_left_alone() -> None:
    assert meant("what time is it", "no, the terminal") == ["open_app alone=yes app=terminal"]
    assert parse("find cats, no dogs allowed in here at all today").commands != ()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (["scroll down", "again"], ["scroll direction=down"]),
        (["scroll down", "a bit more"], ["scroll direction=down"]),
        (["scroll down", "keep going", "more"], ["scroll direction=down"]),
        (["press tab", "same thing again please"], ["keys keys=tab"]),
        (["press tab", "twice more"], ["keys keys=tab"] * 2),
        (["press tab", "twice more", "again"], ["keys keys=tab"]),
        (["open a terminal", "one more of those"], ["new_window app=terminal"]),
        (["again"], ["again count=1"]),
        (["open the terminal", "keep going"], ["more"]),
    ],
)
def test_a_request_is_repeated(said: list[str], means: list[str]) -> None:
    assert meant(*said) == means


@pytest.mark.parametrize(
    ("before", "said", "means"),
    [
        ("make the editor smaller", "undo that", ["maximise window=editor"]),
        ("make it smaller", "undo that, make it big again", ["maximise"]),
        ("maximise the terminal", "undo it", ["restore window=terminal"]),
        ("minimise the terminal", "undo that", ["switch window=terminal"]),
        ("maximise the terminal", "undo the last change", ["edit what=undo"]),
        ("delete the last word", "undo that", ["edit what=undo"]),
        ("type hello", "undo that, make it big again", ["edit what=undo", "maximise"]),
    ],
)
def test_undo_is_of_a_window_where_that_was_done_last(
    before: str, said: str, means: list[str]
) -> None:
    assert meant(before, said) == means


@pytest.mark.parametrize(
    ("said", "which"),
    [
        (["find fox", "find next"], "next"),
        (["find fox", "next match", "find it again"], "next"),
        (["select fox", "find next", "find the previous one"], "previous"),
    ],
)
def test_what_was_found_is_looked_for_further_on(said: list[str], which: str) -> None:
    [only] = plan_for(Progress(tuple(said)), len(said) - 1).commands
    assert (only.slot("act"), only.slot("phrase")) == ("select", "fox")
    assert only.slot("which") == which


def test_without_words_to_find_there_is_no_next() -> None:
    assert meant("open the terminal", "find next") == ["find_next which=next"]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (["hold shift and click notes"], "click label=notes modifier=shift"),
        (["control click notes"], "click label=notes modifier=control"),
        (["click notes with shift"], "click label=notes modifier=shift"),
        (
            ["hold shift and double click notes"],
            "click button=double label=notes modifier=shift",
        ),
        (["hold control", "click notes"], "click label=notes modifier=control"),
        (["hold control", "shift click notes"], "click label=notes modifier=control shift"),
        (["hold control", "release control", "click notes"], "click label=notes"),
    ],
)
def test_a_click_goes_with_the_keys_that_are_held(said: list[str], means: str) -> None:
    assert meant(*said) == [means]


async def test_the_held_keys_are_asked_for_with_the_click() -> None:
    here = frozenset({"showing", "active"})
    frame = Node("0", None, "thunar", "frame", "home", Box(0, 0, 800, 600), here)
    icon = Node("1", "0", "thunar", "icon", "notes", Box(10, 20, 40, 40), frozenset({"showing"}))
    window = Window(1, "home", "Thunar", 7, Box(0, 0, 800, 600), active=True)
    view = View(Tree((frame, icon)), (window,), (), (1280, 800))
    [command] = parse("hold control and click notes").commands
    step = await click_label(Moment(FakeDesktop(), view, command.having(modifier="control shift")))
    assert isinstance(step, Act)
    assert step.calls[0].input == {"coordinate": [30, 40], "text": "ctrl+shift"}
    assert step.say == "Clicking notes with control and shift held."


@pytest.mark.parametrize(
    ("before", "answer", "means"),
    [
        ("close the terminal", "", ["switch window=terminal"]),
        (
            "close the window",
            "Closing the terminal. The window is closed.",
            ["switch window=terminal"],
        ),
        ("delete the last word", "", ["edit what=undo"]),
        ("show the desktop", "", ["show_desktop back=yes"]),
        ("rename notes to ideas", "", ["change_file file=ideas name=notes what=rename"]),
        ("what time is it", "", ["reopen"]),
    ],
)
def test_what_was_done_is_taken_back(before: str, answer: str, means: list[str]) -> None:
    assert meant(before, "bring it back", answer=answer) == means


@pytest.mark.parametrize(
    ("before", "said", "means"),
    [
        ("switch to the editor", "now the other one", "switch window=other than editor"),
        ("minimise the terminal", "the other one as well", "minimise window=other than terminal"),
        ("close this window", "and the other one too", "close"),
        ("maximise the window", "the other one", "maximise window=other"),
    ],
)
def test_the_other_one_is_a_window(before: str, said: str, means: str) -> None:
    assert meant(before, said) == [means]


def test_the_other_window_is_not_the_one_in_front_or_named() -> None:
    editor = Window(1, "notes.txt - Mousepad", "Mousepad", 7, Box(0, 0, 600, 400), active=False)
    shell = Window(2, "Terminal", "Xfce4-terminal", 8, Box(0, 0, 600, 400), active=True)
    view = View(Tree(()), (editor, shell), (), (1280, 800))
    assert find_windows(view, "other") == [editor]
    assert find_windows(view, "other one") == [editor]
    assert find_windows(view, "other than notes") == [shell]


def test_why_and_what_are_answered_with_what_was_said_before() -> None:
    [told] = plan_for(Progress(("save", "why?"), answers={0: "No window is in front."}), 1).commands
    assert (told.slot("request"), told.slot("answer")) == ("save", "No window is in front.")
    again = plan_for(Progress(("save", "why?", "why?"), answers={0: "No window."}), 2).commands[0]
    assert again.slot("request") == "save"


def test_a_sentence_of_nothing_but_corrections_is_read() -> None:
    """Each is a reading of all that follows, which must not go on without end."""
    plan = parse("open the terminal, no wait, the editor, " + "no wait, " * 2_000)
    assert plan.unknown or plan.commands


def test_a_wait_for_something_is_no_correction() -> None:
    plan = parse("open the terminal, wait until it opens and type ls")
    assert [c.intent for c in plan.commands] == ["open_app", "wait_for", "type"]
    assert plan.commands[1].slot("window") == "terminal"
