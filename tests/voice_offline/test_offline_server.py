"""The server on loopback, seen by raw clients."""

from __future__ import annotations

import asyncio
import base64
import json
import logging

import httpx
import pytest
import websockets
from hearing import ScriptedSpeech
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from agent.clock import Clock
from dashboard.voice.server.config import ChatConfig
from dashboard.voice.server.handlers import routes
from dashboard.voice.server.service import OfflineEvi, Tokens
from dashboard.voice.standalone.faults import Faults

KEY, SECRET = "offline-key", "offline-secret"
TOOL = {"type": "function", "name": "use_computer", "parameters": "{}"}


async def refused(url: str, **headers: str) -> int:
    """The HTTP status of a handshake that is turned away."""
    with pytest.raises(websockets.InvalidStatus) as caught:
        await websockets.connect(url, additional_headers=headers)
    return caught.value.response.status_code


async def test_a_whole_spoken_exchange(server, speech: ScriptedSpeech) -> None:
    """Metadata, settings echo, transcript, tool call, answer, sound, end."""
    line = await server.connect("verbose_transcription=true")
    chat = (await line.until("chat_metadata"))["chat_id"]
    await line.send(type="session_settings", tools=[TOOL])
    await line.until("session_settings")
    speech.utter(chat, "Open the editor.")
    call = await line.until("tool_call")
    await line.send(
        type="tool_response", tool_call_id=call["tool_call_id"], content='{"say": "Opening."}'
    )
    await line.until("assistant_end")
    assert line.types()[-6:] == [
        "assistant_message",
        *["audio_output"] * 3,
        "assistant_prosody",
        "assistant_end",
    ]


async def test_settings_in_the_address_are_applied(server, speech: ScriptedSpeech) -> None:
    """``session_settings[audio][…]``: sound needs no message before it."""
    line = await server.connect(
        "session_settings[audio][encoding]=linear16&session_settings[audio][sample_rate]=8000"
        "&session_settings[audio][channels]=1&session_settings[variables][name]=Ann&fernSdk=x"
    )
    echo = await line.until("session_settings")
    assert echo["variables"] == {"name": "Ann"}
    await line.socket.send(bytes(3_200))
    async with asyncio.timeout(10):
        while not speech.heard:
            await asyncio.sleep(0)
    lag = 960  # the resampler is 30 ms behind at most
    assert 6_300 - lag <= len(speech.heard[0][1]) <= 6_400


@pytest.mark.parametrize(
    "query",
    [
        "session_settings[a]=x&session_settings[a][b]=y",
        "session_settings[variables]=x",
        "verbose_transcription=%ED%A0%BD",
        f"config_id=x&config_version={'9' * 5000}",
    ],
    ids=["two kinds", "wrong kind", "no text", "no number"],
)
async def test_an_address_that_cannot_be_read_is_an_error_in_words(server, query: str) -> None:
    """And nothing of the chat is left."""
    line = await server.connect(query)
    error = await line.until("error")
    assert error["code"] == "E0101"
    assert await line.closed() == 1008
    assert not server.evi.live


async def test_settings_in_the_address_that_cannot_be_applied_are_told(server) -> None:
    """The chat goes on without them."""
    line = await server.connect(
        "session_settings[audio][sample_rate]=1&session_settings[audio][channels]=1"
    )
    assert (await line.until("error"))["code"] == "E0101"
    await line.send(type="user_input", text="Are you there?")
    await line.until("user_message")


async def test_what_is_no_base64_is_an_error_in_words(server) -> None:
    """Be it text of no alphabet, or letters that are not even ASCII."""
    line = await server.connect()
    for data in ("é", "AAAé", "=", "!!!!"):
        await line.send(type="audio_input", data=data)
        assert (await line.until("error"))["code"] == "E0101"
    async with httpx.AsyncClient(base_url=server.url) as http:
        given = {"Authorization": "Basic \xe9\xe9\xe9".encode("latin-1")}
        assert (await http.post("/oauth2-cc/token", headers=given)).status_code == 401


async def test_what_a_chat_cannot_take_is_refused_beside_it_too(server) -> None:
    """By the control plane, as on the chat's own socket."""
    line = await server.connect()
    chat = (await line.until("chat_metadata"))["chat_id"]
    answer = {"type": "tool_response", "tool_call_id": "none", "content": "x"}
    async with httpx.AsyncClient(base_url=server.url, headers={"X-Hume-Api-Key": KEY}) as http:
        sent = await http.post(f"/v0/evi/chat/{chat}/send", json=answer)
        assert sent.status_code == 422
        assert "No tool call none" in sent.text
        for bad in ({"tools": 7}, {"prompt": 7}, {"timeouts": "x"}, {"voice": []}):
            config = {"name": "c", "evi_version": "3", **bad}
            assert (await http.post("/v0/evi/configs", json=config)).status_code == 422
        deep = await http.post("/v0/evi/configs", content=b"[" * 5000 + b"]" * 5000)
        assert deep.status_code == 400


@pytest.mark.parametrize("query", ["", "api_key=wrong", "api_key=k%C3%A9y", "access_token=wrong"])
async def test_without_a_valid_key_there_is_no_chat(server, query: str) -> None:
    """401 at the handshake."""
    assert await refused(f"ws://127.0.0.1:{server.port}/v0/evi/chat?{query}") == 401


async def test_no_credential_reaches_a_log(server, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a good one nor a bad one, though both stand in the address."""
    access = logging.getLogger("tornado.access")
    access.addHandler(caplog.handler)  # other libraries keep Tornado's lines from the root
    with caplog.at_level("DEBUG", logger="tornado.access"):
        line = await server.connect()
        await line.until("chat_metadata")
        await line.socket.close()
        await refused(f"ws://127.0.0.1:{server.port}/v0/evi/chat?access_token=stolen-token")
    access.removeHandler(caplog.handler)
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("tornado"))
    assert "/v0/evi/chat" in ours
    assert KEY not in ours
    assert "stolen-token" not in ours


async def test_rest_and_control_plane_want_a_key_too(server) -> None:
    """Everything but the token's own address."""
    async with httpx.AsyncClient(base_url=server.url) as http:
        for path in ("/v0/evi/chats", "/v0/evi/configs", "/v0/tts/voices", "/v0/evi/chat_groups"):
            assert (await http.get(path)).status_code == 401
        assert (await http.post("/v0/evi/chat/x/send", json={})).status_code == 401


async def test_strangers_names_and_origins_are_turned_away(server) -> None:
    """DNS rebinding and hostile pages, even with the right key."""
    url = f"ws://127.0.0.1:{server.port}/v0/evi/chat?api_key={KEY}"
    assert await refused(url, Origin="https://evil.example") == 403
    async with httpx.AsyncClient(base_url=server.url, headers={"X-Hume-Api-Key": KEY}) as http:
        answer = await http.get("/v0/evi/chats", headers={"Host": "evil.example"})
        assert answer.status_code == 403
        token = await http.post("/oauth2-cc/token", headers={"Host": "evil.example"})
        assert token.status_code == 403


async def test_a_token_opens_a_chat_until_it_expires(start, speech: ScriptedSpeech) -> None:
    """Basic credentials → token → socket; a dead token is 401."""
    evi = OfflineEvi(speech=speech)
    server = await start(evi)
    async with httpx.AsyncClient(base_url=server.url) as http:
        form = {"grant_type": "client_credentials"}
        basic = (KEY, SECRET)
        assert (await http.post("/oauth2-cc/token", data=form, auth=(KEY, "no"))).status_code == 401
        assert (await http.post("/oauth2-cc/token", auth=basic)).status_code == 400
        made = (await http.post("/oauth2-cc/token", data=form, auth=basic)).json()
    token = made["access_token"]
    assert made["expires_in"] == 1_800
    url = f"ws://127.0.0.1:{server.port}/v0/evi/chat?access_token={token}"
    async with websockets.connect(url) as socket:
        assert json.loads(await socket.recv())["type"] == "chat_metadata"
    evi.conditions = Faults(refuse=True)
    assert await refused(url) == 401


def test_tokens_die_of_age() -> None:
    """After their life, by the clock."""

    class Turned(Clock):
        time = 0.0

        def now(self) -> float:
            return self.time

    clock = Turned()
    tokens = Tokens(clock)
    token = tokens.issue()
    assert tokens.valid(token)
    clock.time = 1_801.0
    assert not tokens.valid(token)


async def test_a_conversation_is_resumed_in_its_group(server) -> None:
    """A new chat id under the same group id."""
    first = await server.connect()
    old = await first.until("chat_metadata")
    await first.socket.close()
    again = await server.connect(f"resumed_chat_group_id={old['chat_group_id']}")
    new = await again.until("chat_metadata")
    assert new["chat_group_id"] == old["chat_group_id"]
    assert new["chat_id"] != old["chat_id"]


async def test_an_unknown_group_cannot_be_resumed(server) -> None:
    """E0708, then the socket closes."""
    line = await server.connect("resumed_chat_group_id=8859a139-d98a-4e2f-af54-9dd66d8c96e1")
    assert (await line.until("error"))["code"] == "E0708"
    assert await line.closed() == 1008


async def test_an_unknown_config_is_an_error(server) -> None:
    """No silent default."""
    line = await server.connect("config_id=8859a139")
    assert (await line.until("error"))["slug"] == "config_not_found"


async def test_the_control_plane_speaks_into_a_chat(server) -> None:
    """POST send: any message but sound, only to an active chat."""
    line = await server.connect()
    chat = (await line.until("chat_metadata"))["chat_id"]
    async with httpx.AsyncClient(base_url=server.url, headers={"X-Hume-Api-Key": KEY}) as http:
        send = f"/v0/evi/chat/{chat}/send"
        said = await http.post(send, json={"type": "assistant_input", "text": "From outside."})
        assert (said.status_code, said.content) == (200, b"")
        assert (await http.post(send, json={"type": "audio_input", "data": ""})).status_code == 422
        assert (await http.post(send, content=b"{")).status_code == 422
        gone = await http.post("/v0/evi/chat/none/send", json={"type": "user_input", "text": "x"})
        assert gone.status_code == 404
    message = await line.until("assistant_message")
    assert message["message"]["content"] == "From outside."


async def test_who_joins_gets_the_history_and_then_what_comes(server) -> None:
    """connect: replay, then live, tool answers of the client included."""
    line = await server.connect("allow_connection=true")
    chat = (await line.until("chat_metadata"))["chat_id"]
    await line.send(type="assistant_input", text="Before.")
    await line.until("assistant_end")
    mirror = await server.connect(path=f"/v0/evi/chat/{chat}/connect")
    await mirror.until("assistant_end")
    assert mirror.types() == line.types()
    await mirror.send(type="assistant_input", text="From the side.")
    for each in (line, mirror):
        await each.until("assistant_message")
    await mirror.send(type="audio_input", data="")
    assert (await mirror.until("error"))["code"] == "E0101"
    await line.socket.close()
    assert await mirror.closed() == 1000


async def test_nobody_joins_uninvited(server) -> None:
    """Without allow_connection, or after the end."""
    line = await server.connect()
    chat = (await line.until("chat_metadata"))["chat_id"]
    for wanted in (chat, "none"):
        mirror = await server.connect(path=f"/v0/evi/chat/{wanted}/connect")
        assert (await mirror.until("error"))["slug"] == "chat_not_joinable"


@pytest.mark.parametrize(("code", "seen"), [(1011, 1011), (1000, 1000), (1006, 1006)])
async def test_closes_on_demand(start, speech: ScriptedSpeech, code: int, seen: int) -> None:
    """With a code, or by dropping the line."""
    faults = Faults(close_after=2, close_code=code)
    server = await start(OfflineEvi(speech=speech, conditions=faults))
    line = await server.connect()
    await line.send(type="user_input", text="hello")
    assert await line.closed() == seen


async def test_strange_and_broken_messages_on_demand(start, speech: ScriptedSpeech) -> None:
    """Unknown type, 2 MiB, missing fields, chunks out of order, slow."""
    faults = Faults(
        unknown_message=True,
        huge_message=True,
        missing={"assistant_message": ["is_quick_response"]},
        swap_audio=True,
        delay=0.001,
    )
    speech.chunks = 4
    server = await start(OfflineEvi(speech=speech, conditions=faults))
    line = await server.connect()
    await line.until("weather_report")
    huge = await line.until("session_settings")
    assert len(huge["context"]["text"]) == 2 << 20
    await line.send(type="assistant_input", text="Four chunks.")
    await line.until("assistant_end")
    (words,) = [m for m in line.got if m["type"] == "assistant_message"]
    assert "is_quick_response" not in words
    assert [m["index"] for m in line.got if m["type"] == "audio_output"] == [1, 0, 3, 2]


async def test_a_full_quota_is_said_and_closed(start, speech: ScriptedSpeech) -> None:
    """By fault, and by too many chats."""
    server = await start(OfflineEvi(speech=speech, most_chats=1))
    first = await server.connect()
    await first.until("chat_metadata")
    second = await server.connect()
    assert (await second.until("error"))["code"] == "E0300"
    await first.socket.close()
    async with asyncio.timeout(10):
        while server.evi.live:
            await asyncio.sleep(0.01)
    third = await server.connect()
    await third.until("chat_metadata")


async def test_timers_close_a_forgotten_chat(start, speech: ScriptedSpeech) -> None:
    """Inactivity on the real clock, scaled down; the record tells why it ended."""
    config = ChatConfig.of({"timeouts": {"inactivity": {"enabled": True, "duration_secs": 60}}})
    server = await start(OfflineEvi(speech=speech, config=config, time_scale=0.001))
    line = await server.connect()
    chat = (await line.until("chat_metadata"))["chat_id"]
    assert await line.closed() == 1000
    record = server.evi.store.chats.get(chat)
    assert record is not None
    assert record.status == "INACTIVITY_TIMEOUT"


async def test_events_of_a_group_tell_its_story(server, speech: ScriptedSpeech) -> None:
    """Chats, events and groups through REST, in pages."""
    line = await server.connect()
    meta = await line.until("chat_metadata")
    speech.utter(meta["chat_id"], "Thank you.")
    await line.until("user_message")
    async with httpx.AsyncClient(base_url=server.url, headers={"X-Hume-Api-Key": KEY}) as http:
        chats = (await http.get("/v0/evi/chats?status=ACTIVE")).json()
        assert [c["id"] for c in chats["chats_page"]] == [meta["chat_id"]]
        one = f"/v0/evi/chats/{meta['chat_id']}?ascending_order=true"
        events = (await http.get(one)).json()["events_page"]
        assert [e["type"] for e in events] == ["CHAT_START_MESSAGE", "USER_MESSAGE"]
        group = (await http.get(f"/v0/evi/chat_groups/{meta['chat_group_id']}/events")).json()
        assert group["events_page"][0]["message_text"] == "Thank you."
        small = (await http.get(f"{one}&page_size=1&page_number=1")).json()
        assert (small["total_pages"], len(small["events_page"])) == (2, 1)
        assert (await http.get("/v0/evi/chats?page_size=x")).status_code == 422
        assert (await http.get("/v0/evi/chats/none")).status_code == 404
        assert (await http.put("/v0/evi/chats")).status_code == 405


async def test_undecodable_sound_gets_its_code(server) -> None:
    """Browser containers cannot be decoded here: I0116, and the chat lives."""
    line = await server.connect()
    await line.socket.send(b"\x1a\x45\xdf\xa3" + bytes(200))
    assert (await line.until("error"))["code"] == "I0116"
    packed = base64.b64encode(bytes(640)).decode()
    await line.send(type="audio_input", data=packed)
    await line.send(type="user_input", text="still here")
    await line.until("user_message")


async def test_mounted_it_shows_the_chat_only_and_obeys_the_pages_checks(
    speech: ScriptedSpeech,
) -> None:
    """Under a prefix, with tickets and a mixin; no control plane, no REST, no token."""

    class Closed(RequestHandler):
        def prepare(self) -> None:
            if self.request.headers.get("X-Door") == "open":
                super().prepare()
            else:
                self.set_status(403)
                self.finish()

    evi = OfflineEvi(speech=speech)
    server = HTTPServer(
        Application(routes(lambda ticket: ticket == "t-1", "/voice", evi=evi, mixin=Closed))
    )
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    port = sockets[0].getsockname()[1]
    chat = f"ws://127.0.0.1:{port}/voice/v0/evi/chat?access_token="
    assert await refused(f"{chat}t-1") == 403
    opened = {"X-Door": "open"}
    assert await refused(f"{chat}t-2", **opened) == 401
    foreign = opened | {"Origin": "https://evil.example"}
    assert await refused(f"{chat}t-1", **foreign) == 403
    async with websockets.connect(f"{chat}t-1", additional_headers=opened) as socket:
        assert json.loads(await socket.recv())["type"] == "chat_metadata"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=opened) as http:
        for path in ("/voice/v0/evi/chats", "/voice/v0/evi/chat/x/send", "/voice/oauth2-cc/token"):
            assert (await http.get(path, params={"api_key": "t-1"})).status_code == 404
    server.stop()
    await server.close_all_connections()
    await evi.close()


async def test_a_client_that_reads_nothing_is_dropped(start, speech: ScriptedSpeech) -> None:
    """Its frames do not pile up for ever, and others do not wait for it."""
    speech.chunks = 4
    server = await start(OfflineEvi(speech=speech, conditions=Faults(delay=3_600.0)))
    line = await server.connect()
    async with asyncio.timeout(30):
        while not server.evi.live:
            await asyncio.sleep(0.01)
        (live,) = server.evi.live.values()
        for _ in range(60):
            live._client.send("x" * (1 << 20))
        while server.evi.live:
            await asyncio.sleep(0.01)
    assert await line.closed() == 1013
