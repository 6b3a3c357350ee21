"""The offline front desk: words to tools, answers to words."""

from __future__ import annotations

import json

import pytest

from dashboard.voice.server.frontdesk import (
    Call,
    Situation,
    acknowledgement,
    began,
    decide,
    situation,
)
from dashboard.voice.server.messages import Context

TOOLS = frozenset(
    ["use_computer", "steer_computer", "computer_status", "stop_computer", "answer_agent"]
)
IDLE, BUSY, ASKED = Situation(), Situation(running=True), Situation(running=True, pending="q-7")


@pytest.mark.parametrize(
    ("text", "now", "call"),
    [
        ("Open the editor.", IDLE, Call("use_computer", {"task": "Open the editor."})),
        ("The other tab.", BUSY, Call("steer_computer", {"instruction": "The other tab."})),
        ("What are you doing?", BUSY, Call("computer_status", {})),
        ("What are you doing?", ASKED, Call("computer_status", {})),
        ("How is it going?", BUSY, Call("computer_status", {})),
        ("Stop!", BUSY, Call("stop_computer", {})),
        ("Stop!", ASKED, Call("stop_computer", {})),
        ("No, stop that.", IDLE, Call("stop_computer", {})),
        (
            "The red one",
            ASKED,
            Call("answer_agent", {"question_id": "q-7", "answer": "The red one"}),
        ),
        ("mm hm", BUSY, None),
        ("", BUSY, None),
    ],
)
def test_words_become_the_tool_that_fits(text: str, now: Situation, call: Call | None) -> None:
    """One tool for each kind of utterance; silence for back-channels."""
    assert decide(text, now, TOOLS) == call


def test_without_tools_it_stays_silent() -> None:
    """Relay mode: the client answers."""
    assert decide("Open the editor.", IDLE, frozenset()) is None


def test_the_echo_of_its_own_words_is_nobodys_wish() -> None:
    """The loudspeaker's words in the microphone call no tool."""
    playing = "I have opened the settings and found the network page."
    assert decide("opened the settings and found", BUSY, TOOLS, playing) is None
    assert decide("close the settings again please", BUSY, TOOLS, playing) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"task": "write a letter"}', BUSY),
        ('{"task": null}', IDLE),
        ('{"task": "x", "question": {"id": "q-7", "text": "Which?"}}', ASKED),
        ('{"task": "x", "question": "broken"}', BUSY),
        ("[1, 2]", IDLE),
        ("[" * 5000, IDLE),
        ('{"task": NaN}', BUSY),
        ("The agent is running: step 4 of 9.", BUSY),
        ("No task is running.", IDLE),
        ("Working on the form.\npending question q-7: which box?", ASKED),
    ],
)
def test_the_context_tells_what_runs_and_what_waits(text: str, expected: Situation) -> None:
    """JSON or plain text; nonsense means idle."""
    assert situation(Context(text=text), started=False) == expected


def test_without_a_context_the_tools_answers_tell() -> None:
    """A started task runs until it is stopped."""
    assert situation(None, started=True) == BUSY
    assert began("use_computer", '{"status": "started"}') is True
    assert began("use_computer", '{"status": "refused"}') is False
    assert began("stop_computer", "{}") is False
    assert began("computer_status", "{}") is None
    assert began("use_computer", "[" * 5000) is True
    assert acknowledgement("[" * 5000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps({"status": "ok", "say": "Opening it."}), "Opening it."),
        (json.dumps({"status": "started"}), "On it."),
        (json.dumps({"say": ""}), ""),
        ("Two windows are open.", "Two windows are open."),
        ('"Fine."', "Fine."),
    ],
)
def test_a_tools_answer_is_spoken_shortly(content: str, said: str) -> None:
    """Its ``say``, its text, or a word that it has begun; never JSON."""
    assert acknowledgement(content) == said
