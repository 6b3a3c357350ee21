"""Talking to a session from a notebook: the page's voice widget over Jupyter's messages.

Sound does not pass through the kernel's messages: the browser opens a line to the voice
service, Hume's or an offline one that this module starts on loopback. What it needs for that
is a ticket that dies soon; keys stay in the kernel.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import traitlets
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from agent.errors import VoiceError
from agent.face import Faced
from agent.session.session import Session
from agent.settings import Settings
from dashboard.conductor import Conductor
from dashboard.notebook.relay import HERE, RelayWidget
from dashboard.voice.client.posts import VoicePosts, WidgetLine
from dashboard.voice.hume import HumeVoice, OfflineVoice, Ticket, TokenMint
from dashboard.voice.hume.tickets import OFFLINE_PREFIX
from dashboard.web.tickets import Tickets

_TICKET_SECONDS = 120.0
_PURPOSE = "voice"


class VoiceBar(RelayWidget):
    """The page's voice bar: Start, level, devices and state."""

    _esm: Path = HERE.parent / "voice" / "client" / "widget.bundle.js"

    push_to_talk = traitlets.Bool(False).tag(sync=True)
    handover_after = traitlets.Float(1680.0).tag(sync=True)
    echo_cancellation = traitlets.Bool(True).tag(sync=True)
    noise_suppression = traitlets.Bool(True).tag(sync=True)
    auto_gain = traitlets.Bool(True).tag(sync=True)


class _Posts(VoicePosts):
    """The voice protocol's messages, for a notebook's widget."""

    def __init__(self, bar: VoiceBar) -> None:
        self.post = bar.post


class LoopbackVoice:
    """The offline voice service of this kernel, for browsers on the same machine.

    Args:
        recognizer: Name of what hears; the usual one if empty.
        synthesizer: Name of what speaks; the usual one if empty.
    """

    provider: Literal["hume", "offline"] = "offline"

    def __init__(self, recognizer: str = "", synthesizer: str = "") -> None:
        self._chosen = {"recognizer": recognizer, "synthesizer": synthesizer}
        self._tickets = Tickets()
        self._server: HTTPServer | None = None
        self._evi: Any = None
        self._address = ""

    async def start(self) -> None:
        """Listen on a free port of the loopback, and load the speech engines.

        Raises:
            VoiceError: the packages of the offline voice are missing.
        """
        try:
            from dashboard.voice.server.handlers import routes
            from dashboard.voice.server.loopback import LoopbackOnly
            from dashboard.voice.server.service import OfflineEvi
            from dashboard.voice.speech.process import SpeechProcess
        except ImportError as error:
            raise VoiceError(f"The offline voice's packages are missing ({error}).") from error
        self._evi = OfflineEvi(speech=SpeechProcess(**self._chosen))
        rules = routes(self._good, OFFLINE_PREFIX, evi=self._evi, mixin=LoopbackOnly)
        sockets = bind_sockets(0, "127.0.0.1")
        self._address = f"ws://127.0.0.1:{sockets[0].getsockname()[1]}"
        self._server = HTTPServer(Application(rules))
        self._server.add_sockets(sockets)
        await self._evi.warm()

    async def ticket(self, *, fresh: bool = False, relay: bool = False) -> Ticket:
        """A ticket for one opening, good for two minutes and for this kernel's server only."""
        voice = OfflineVoice(lambda: self._tickets.issue("notebook", _PURPOSE, _TICKET_SECONDS))
        ticket = await voice.ticket(fresh=fresh, relay=relay)
        return replace(ticket, url=f"{self._address}/{ticket.url}")

    async def close(self) -> None:
        """End every chat, the server and the speech process."""
        if self._server is not None:
            self._server.stop()
        if self._evi is not None:
            await self._evi.close()

    def _good(self, credential: str | None) -> bool:
        return self._tickets.check(credential or "", _PURPOSE) is not None


def hume_voice(settings: Settings) -> HumeVoice | None:
    """Hume's voice, if the settings have both its keys."""
    key, secret = settings.hume_api_key, settings.hume_secret_key
    if key is None or secret is None:
        return None
    mint = TokenMint(key, secret, settings.hume_base_url)
    return HumeVoice(mint, settings.hume_base_url, settings.hume_config_id)


class Talk(Faced):
    """A voice for a session. Its face is the session's, with the voice bar below.

    ::

        talk = await Talk.open(session)
        talk                             # press Start and speak
        await talk.close()
    """

    def __init__(self, session: Session, voice: HumeVoice | LoopbackVoice) -> None:
        self.session = session
        self.voice = voice
        self.conductor = Conductor(session, voice)

    @classmethod
    async def open(cls, session: Session) -> Talk:
        """Give ``session`` a voice: Hume's if the settings have its keys, else the offline one.

        Raises:
            VoiceError: it cannot be had; the text says why.
        """
        voice = hume_voice(session.settings)
        if voice is not None:
            return cls(session, voice)
        here = LoopbackVoice(session.settings.recognizer, session.settings.synthesizer)
        try:
            await here.start()
        except BaseException:
            await here.close()
            raise
        return cls(session, here)

    async def close(self) -> None:
        """End the voice; the session goes on."""
        await self.conductor.close()
        if isinstance(self.voice, LoopbackVoice):
            await self.voice.close()

    def bar(self) -> VoiceBar:
        """A voice bar that is a line of this talk."""
        bar = VoiceBar(self.session.call_soon, lambda event: self.conductor.handle([event], line))
        line = WidgetLine(_Posts(bar))
        self.session.call_soon(self.conductor.attach, line)
        return bar

    def __repr__(self) -> str:
        return f"<Talk to session {self.session.id}, {self.voice.provider} voice>"
