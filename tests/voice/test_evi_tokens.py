"""Tokens and tickets: keys stay here, the browser gets what dies soon."""

import base64

import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web
from pydantic import SecretStr

from agent.errors import ConfigurationError, VoiceError
from dashboard.voice.hume import HumeVoice, OfflineVoice, TokenMint


class ManualClock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class TokenHandler(tornado.web.RequestHandler):
    """Hume's token endpoint: client credentials by Basic authentication."""

    def initialize(self, minted: list[str]) -> None:
        self.minted = minted

    def post(self) -> None:
        wanted = "Basic " + base64.b64encode(b"key:secret").decode()
        if self.request.headers.get("Authorization") != wanted:
            self.set_status(401)
            return
        assert self.get_body_argument("grant_type") == "client_credentials"
        self.minted.append(f"token-{len(self.minted) + 1}")
        self.write({"access_token": self.minted[-1], "expires_in": 1799})


@pytest.fixture
async def hume():
    """A local server that mints tokens as Hume does: (address, tokens minted so far)."""
    minted: list[str] = []
    app = tornado.web.Application([("/oauth2-cc/token", TokenHandler, {"minted": minted})])
    [socket] = tornado.netutil.bind_sockets(0, "127.0.0.1")
    server = tornado.httpserver.HTTPServer(app)
    server.add_socket(socket)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}", minted
    server.stop()
    await server.close_all_connections()


def _mint(address: str, clock: ManualClock | None = None, secret: str = "secret") -> TokenMint:
    return TokenMint(SecretStr("key"), SecretStr(secret), address, clock=clock)


async def test_a_token_is_reused_until_shortly_before_it_dies(hume):
    """Hume is asked once per 25 minutes, not once per page."""
    address, minted = hume
    clock = ManualClock()
    mint = _mint(address, clock)
    assert await mint.token() == await mint.token() == "token-1"
    clock.time += 26 * 60
    assert await mint.token() == "token-2"
    assert await mint.token(fresh=True) == "token-3"
    assert minted == ["token-1", "token-2", "token-3"]


async def test_wrong_keys_are_told_in_words_without_the_keys(hume):
    """The error names the settings to check and shows no secret."""
    with pytest.raises(ConfigurationError, match="HUME_SECRET_KEY") as caught:
        await _mint(hume[0], secret="wrong-one").token()
    assert "wrong-one" not in str(caught.value)


async def test_an_unreachable_service_says_what_to_do():
    """No network is no traceback."""
    with pytest.raises(VoiceError, match="offline voice"):
        await _mint("http://127.0.0.1:9").token()


async def test_the_ticket_for_hume_has_a_token_and_no_key(hume):
    """What goes to the browser holds neither key; its repr not even the token."""
    ticket = await HumeVoice(_mint(hume[0]), hume[0], "cfg").ticket()
    message = ticket.message()
    assert message["query"]["access_token"] == "token-1"
    assert message["query"]["config_id"] == "cfg"
    assert message["url"].startswith("ws://127.0.0.1")
    assert message["url"].endswith("/v0/evi/chat")
    assert "secret" not in str(message)
    assert "token-1" not in repr(ticket)


async def test_both_voices_offer_the_same_five_tools():
    """The embedded voice is used through the same protocol as the real one."""
    ticket = await OfflineVoice(lambda: "t").ticket()
    names = [tool["name"] for tool in ticket.settings["tools"]]
    assert names == [
        "use_computer",
        "steer_computer",
        "computer_status",
        "stop_computer",
        "answer_agent",
    ]
    assert (await OfflineVoice(lambda: "t").ticket(relay=True)).settings["tools"] == []
