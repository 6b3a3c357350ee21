"""A program that wants to start is asked about aloud, and answered by voice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from agent.desktop.server.starts import Notice
from agent.record import events as ev
from agent.testing.fake_kernel import WatchedDesktop
from agent.testing.scripted import done, says

QUESTION = (
    "In a terminal, bash wants to start “touch x”. Allow it? Say “yes, start it” to allow it."
)


async def asked(talk: Any, desktop: WatchedDesktop) -> tuple[Notice, ev.ApprovalAsked]:
    """A shell in a terminal starts a program, and the question about it is being heard."""
    kernel, since = desktop.kernel, len(talk.log)
    notice = kernel.starts(kernel.fork(desktop.shell()), "touch", "x")
    question = await talk.until(lambda e: isinstance(e, ev.ApprovalAsked), since)
    line = await talk.until(
        lambda e: isinstance(e, ev.Narrated) and e.priority == "question", since
    )
    assert isinstance(question, ev.ApprovalAsked)
    assert isinstance(line, ev.Narrated)
    assert question.question == QUESTION
    assert line.text == QUESTION
    return notice, question


async def outcome(desktop: WatchedDesktop, notice: Notice) -> str:
    return await asyncio.to_thread(desktop.kernel.answer, notice)


@pytest.mark.parametrize(
    ("words", "answer"),
    [("Yes, start it.", "allowed"), ("No.", "refused"), ("Don't start it.", "refused")],
)
async def test_it_starts_after_a_spoken_yes_and_not_after_a_no(
    talk: Callable[..., Any], words: str, answer: str
) -> None:
    """Also while nothing else is going on."""
    desktop = WatchedDesktop()
    talk = await talk([[*says("Done."), *done()]], desktop=desktop)
    notice, question = await asked(talk, desktop)
    talk.interim(words)
    talk.final(words)
    assert await outcome(desktop, notice) == answer
    decided = talk.log.of(ev.ApprovalDecided)[-1]
    assert (decided.approval_id, decided.channel) == (question.approval_id, "voice")


@pytest.mark.parametrize("words", ["Yes.", "Okay.", "Yes, run it.", "Start the music."])
async def test_other_words_start_nothing(talk: Callable[..., Any], words: str) -> None:
    """The phrase is this question's own; a stray yes is none."""
    desktop = WatchedDesktop()
    talk = await talk([[*says("Done."), *done()]], desktop=desktop)
    notice, _ = await asked(talk, desktop)
    talk.final(words)
    assert talk.log.of(ev.ApprovalDecided) == []
    assert desktop.kernel.waiting(notice)
    talk.final("Yes, start it.")
    assert await outcome(desktop, notice) == "allowed"


async def test_stop_by_voice_refuses_it(talk: Callable[..., Any]) -> None:
    desktop = WatchedDesktop()
    talk = await talk([[*says("Done."), *done()]], desktop=desktop)
    notice, _ = await asked(talk, desktop)
    talk.interim("Stop")
    assert await outcome(desktop, notice) == "refused"
