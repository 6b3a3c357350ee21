"""The voice that a notebook starts: on loopback, for holders of a ticket, and no key in sight."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import SecretStr
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agent import Settings
from dashboard.notebook.talk import LoopbackVoice, hume_voice

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


async def test_humes_keys_choose_humes_voice() -> None:
    """With both keys the browser talks to Hume; with one, or none, it does not."""
    key = SecretStr("k")
    both = Settings(_env_file=None, hume_api_key=key, hume_secret_key=key)
    assert hume_voice(both) is not None
    assert hume_voice(Settings(_env_file=None, hume_api_key=key)) is None
