"""The widgets' test server, a browser, and a conversation that has begun."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from chromium import launch
from playwright.sync_api import BrowserContext, Playwright, sync_playwright
from widget_stage import Bench, Stage, Talk, wav


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def served() -> Iterator[Stage]:
    stage = Stage()
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(served: Stage) -> Stage:
    """The module's server, as if fresh."""
    served.bench = Bench()
    served.service.chats.clear()
    served.service.refuse = served.service.silent = False
    served.voice_options = {}
    served.view_options = {}
    served.before = lambda _widget: None
    return served


@pytest.fixture(scope="module")
def browser_context(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """Chromium whose microphone hears nothing."""
    silence = tmp_path_factory.mktemp("microphone") / "silence.wav"
    silence.write_bytes(wav(np.zeros(48000), 48000))
    with launch(playwright, wav=silence) as context:
        yield context


@pytest.fixture
def talk(stage: Stage, browser_context: BrowserContext) -> Iterator[Talk]:
    """A conversation that has begun."""
    talk = Talk(stage, browser_context).start()
    yield talk
    talk.page.close()
