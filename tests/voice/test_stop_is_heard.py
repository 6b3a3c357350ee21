"""Stop silences what is being said, and is itself answered, however it was given."""

from __future__ import annotations

from typing import Any

import pytest

from agent.record.events import ActionStarted, Narrated, TaskFinished
from agent.testing.scripted import call, hang, says


def _is(*kinds: type) -> Any:
    return lambda event: isinstance(event, kinds)


async def _speaking(talk: Any, slow_tool: Any) -> Any:
    """A task whose first line is being said while its action lasts."""
    talk = await talk([[*says("I click on the button."), *call(), hang]], slow_tool)
    talk.conductor.typed("click it")
    await talk.until(_is(ActionStarted))
    [line] = talk.said
    talk.event("assistant_message", id="m1", from_text=True, message={"content": line})
    talk.event("local.play", id="m1", state="started", samples=0, rate=48_000, duration=0)
    return talk


@pytest.mark.parametrize("how", ["typed", "button", "voice"])
async def test_stop_silences_the_loudspeaker_and_says_so(talk, slow_tool, how: str):
    """The line that sounds is cut in the page; *stopped* follows it."""
    talk = await _speaking(talk, slow_tool)
    if how == "typed":
        talk.conductor.typed("Stop.")
    elif how == "button":
        talk.session.stop("the button", source="button")
    else:
        talk.interim("Stop")
        talk.final("Stop.")
    commands = [m["name"] for m in talk.posted if m["type"] == "command"]
    assert commands.count("flush") == 1
    await talk.until(_is(TaskFinished))
    talk.event("local.play", id="m1", state="cut", samples=1, rate=48_000, duration=1)
    assert talk.said[-1] == "Stopped."
    fates = {line.text: line.state for line in talk.log.of(Narrated)}
    assert fates == {"I click on the button.": "cut", "Stopped.": "sent"}


async def test_stop_when_nothing_runs_drops_what_waits_to_be_said(talk):
    talk = await talk([])
    talk.conductor.narrator.offer("A first line.", "result")
    talk.conductor.narrator.offer("A second line.", "result")
    talk.conductor.typed("Stop.")
    assert [line.state for line in talk.log.of(Narrated)][-1] == "dropped"
