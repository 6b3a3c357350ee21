"""A service that goes by the length of a sound: what it dropped, and what is done about it."""

from __future__ import annotations

import asyncio

import pytest
from test_narrator import Stage

from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.client import interruptions
from dashboard.voice.client.interruptions import PATIENCE, Interruptions
from dashboard.voice.intents import Moment

RESULT = "One two three. Four five six."
MOMENT = Moment(playing=RESULT)


class Page(Stage):
    """A narrator that says a result of two sentences, the first of which came and sounds."""

    def __init__(self, *, final: bool = False) -> None:
        super().__init__()
        self.pressed: list[str] = []
        self.floor = Interruptions(
            self.narrator, AddresseeDetector(), self.pressed.append, self.clock, final=final
        )
        self.narrator.offer(RESULT, "result")
        self.narrator.assistant_message("a", "One two three.", from_text=True)
        self.narrator.played("a", "started", 0.0)
        self.narrator.person_speaks(True)
        self.floor.sound()

    def hears(self, text: str, *, over: bool = False) -> None:
        self.clock.time += 0.5
        self.floor.transcript(text, MOMENT, over=over)
        if over:
            self.narrator.person_speaks(False)


@pytest.fixture
async def page() -> Page:
    return Page()


@pytest.mark.parametrize("text", ["Mm-hm.", "okay", "um", "can you pass me the salt", ""])
async def test_what_was_nothing_loses_nothing(page: Page, text: str) -> None:
    """What has come plays to its end, and what the service dropped is said again."""
    page.floor.interrupted()
    page.hears(text)
    assert page.pressed == []
    page.hears(text, over=True)
    assert page.pressed == ["restore"]
    page.narrator.played("a", "finished", 1.0, 1.2)
    assert page.said == [RESULT, "Four five six."]
    page.floor.close()


@pytest.mark.parametrize("text", ["stop", "no, the other", "open the editor", "wait"])
async def test_words_for_the_agent_cut(page: Page, text: str) -> None:
    page.floor.interrupted()
    page.hears(text)
    assert page.pressed == ["flush"]
    page.narrator.played("a", "cut", 0.5)
    assert page.states(RESULT)[-1] == "cut"
    page.floor.close()


async def test_words_that_came_before_the_service_noticed_count(page: Page) -> None:
    """The service needs longer than a transcript does."""
    page.hears("no, the other")
    assert page.pressed == []  # the service goes on: it will notice
    page.floor.interrupted()
    assert page.pressed == ["flush"]
    page.floor.close()


async def test_a_sound_without_words_was_nothing(page: Page) -> None:
    page.floor.interrupted()
    page.floor.silence(words=False)
    assert page.pressed == ["restore"]
    page.floor.close()


async def test_a_sound_with_words_waits_for_the_last_of_them(page: Page) -> None:
    page.floor.interrupted()
    page.hears("can you")
    page.floor.silence(words=True)
    assert page.pressed == []
    page.hears("can you open the editor", over=True)
    assert page.pressed == ["flush"]
    page.floor.close()


@pytest.mark.parametrize(("text", "way"), [("can you", "flush"), ("", "restore")])
async def test_what_stays_unclear_is_decided_at_last(
    page: Page, monkeypatch: pytest.MonkeyPatch, text: str, way: str
) -> None:
    """Words that are not known to be nothing have the floor; a sound without words does not."""
    assert PATIENCE < 4.0  # then the page flushes by itself
    monkeypatch.setattr(interruptions, "PATIENCE", 0.0)
    page.floor.interrupted()
    page.hears(text)
    async with asyncio.timeout(20):
        while not page.pressed:
            await asyncio.sleep(0)
    assert page.pressed == [way]


async def test_a_service_that_decides_by_words_is_followed_at_once() -> None:
    page = Page(final=True)
    page.floor.interrupted()
    page.narrator.played("a", "cut", 0.5)
    assert page.states(RESULT)[-1] == "cut"


async def test_the_loudness_comes_back_as_soon_as_words_were_nothing() -> None:
    page = Page(final=True)
    page.hears("okay")
    assert page.pressed == []
    page.hears("okay", over=True)
    assert page.pressed == ["restore"]
    page.narrator.assistant_end()
    page.narrator.played("a", "finished", 1.0)
    page.hears("okay", over=True)
    assert page.pressed == ["restore"]  # nothing sounds: nothing is low
