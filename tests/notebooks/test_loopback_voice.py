"""The voice that a notebook starts: on loopback, for holders of a ticket, and no key in sight."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agent import Session, Settings
from agent.testing.scripted import FakeDesktop, ScriptedModel, done, says
from dashboard.notebook.speaker import Speaker
from dashboard.notebook.talk import LoopbackVoice, Talk, hume_voice

pytestmark = [pytest.mark.speech, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def voice() -> AsyncIterator[LoopbackVoice]:
    started = LoopbackVoice()
    await started.start()
    yield started
    await started.close()


async def _refused(url: str, **more: str) -> int:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(url, additional_headers=more):
            pass
    return refusal.value.response.status_code


async def test_a_ticket_opens_the_line(voice: LoopbackVoice) -> None:
    """What the browser is sent is enough to talk."""
    ticket = await voice.ticket()
    assert ticket.url.startswith("ws://127.0.0.1:")
    async with connect(f"{ticket.url}?access_token={ticket.query['access_token']}") as socket:
        assert json.loads(await socket.recv())["type"] == "chat_metadata"


async def test_nobody_else_gets_in(voice: LoopbackVoice) -> None:
    """No ticket, a forged one, another kernel's, another site's page, another host's name."""
    ticket = await voice.ticket()
    token = ticket.query["access_token"]
    theirs = (await LoopbackVoice().ticket()).query["access_token"]
    assert await _refused(ticket.url) == 401
    for wrong in (token[:-2] + "AA", theirs):
        assert await _refused(f"{ticket.url}?access_token={wrong}") == 401
    good = f"{ticket.url}?access_token={token}"
    assert await _refused(good, Origin="https://elsewhere.example") == 403
    assert await _refused(good, Host="elsewhere.example") in (400, 403)


async def test_a_speaker_is_heard_whatever_proxy_the_environment_names(
    voice: LoopbackVoice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is named by all the variables, and nobody listens there."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "WS_PROXY", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline")
    model = ScriptedModel([[*says("Yes."), *done()]])
    session = Session.create(settings, desktop=FakeDesktop(), model=model, tools=[])
    await session.open()
    talk = Talk(session, voice)
    speaker = Speaker(talk)
    try:
        heard = await speaker.say("Open the text editor.", timeout=60)
        assert "text editor" in heard.text.lower()
    finally:
        await speaker.close()
        await talk.conductor.close()
        await session.close()


async def test_humes_keys_choose_humes_voice() -> None:
    """With both keys the browser talks to Hume; with one, or none, it does not."""
    key = SecretStr("k")
    both = Settings(_env_file=None, hume_api_key=key, hume_secret_key=key)
    assert hume_voice(both) is not None
    assert hume_voice(Settings(_env_file=None, hume_api_key=key)) is None
