"""The server's end of the speech process: start it, feed it, start it again.

Nothing here waits for speech work: frames are written to a pipe and answers arrive as calls
of the chat's sink on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol

from agent.desktop.server.groups import Groups, make_beside
from agent.desktop.server.halts import is_halted
from agent.errors import VoiceError
from dashboard.voice.speech import frames
from dashboard.voice.speech.listener import Heard, ListenSettings

log = logging.getLogger(__name__)

_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_BACKLOG: Final = 4 << 20
"""Bytes waiting for a stuck process, beyond which sound is dropped."""
_QUICK_DEATHS: Final = 5
"""Starts in a row that never became ready, after which no more are tried."""
_LARGEST: Final = 8 << 20
_ENDS_WITHIN: Final = 1.0
"""Seconds for a process to end by itself; killing it meanwhile can lose its exit code."""
_LOOK: Final = 0.25
"""Seconds between two looks whether a signal has halted the process."""
_LOOKS: Final = 2
_PATIENCE: Final = 60.0
"""Seconds after which a process that says nothing, though it was asked to, is ended."""
_LOADS_WITHIN: Final = 300.0
"""Seconds for engines to be loaded; on a machine that is used up it takes half a minute."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of a line, PCM16 at `audio.OUT_RATE`."""

    line: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Spoken:
    """All sound of a line has been made."""

    line: str


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """The speech process died; it is being started again unless ``final``."""

    reason: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class EngineReplaced:
    """Something else hears or speaks than was chosen."""

    text: str
    """Which, instead of which, and why."""


SpeechEvent = Heard | Sound | Spoken | SpeechLost | EngineReplaced
Sink = Callable[[SpeechEvent], None]


class Speech(Protocol):
    """What a chat needs of recognition and synthesis; nothing blocks."""

    def open(self, chat: str, settings: ListenSettings, sink: Sink) -> None: ...

    def configure(self, chat: str, settings: ListenSettings) -> None: ...

    def hear(self, chat: str, pcm: bytes) -> None: ...

    def finish(self, chat: str) -> None: ...

    def say(self, chat: str, line: str, text: str) -> None: ...

    def hush(self, chat: str) -> None: ...

    def close(self, chat: str) -> None: ...


class SpeechProcess:
    """One worker process, shared by all chats and started again when it dies or hangs.

    Args:
        module: The worker's.
        patience: Seconds of silence after which it is taken for dead.
        loads_within: Seconds for its engines to be loaded, after which it is started again.
        recognizer: Name of what hears (`choices.RECOGNIZERS`); the usual one if empty.
        synthesizer: Name of what speaks (`choices.SYNTHESIZERS`); the usual one if empty.
    """

    def __init__(
        self,
        module: str = "dashboard.voice.speech.worker",
        *,
        patience: float = _PATIENCE,
        loads_within: float = _LOADS_WITHIN,
        recognizer: str = "",
        synthesizer: str = "",
    ) -> None:
        chosen = {"--recognizer": recognizer, "--synthesizer": synthesizer}
        self._command = [
            *(sys.executable, "-m", module),
            *(f"{option}={name}" for option, name in chosen.items() if name),
        ]
        self.replaced: tuple[str, ...] = ()
        """What was chosen and could not be loaded, and what is used instead: a sentence each."""

        self._patience, self._loads_within = patience, loads_within
        self._heard = False
        self._chats: dict[str, tuple[ListenSettings, Sink]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The worker's process id while it lives."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    def start(self) -> None:
        """Begin to load the engines; called by the first chat, or earlier to warm up."""
        if self._keeper is None:
            self._closing = False
            self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def ready(self) -> None:
        """Wait until the engines are loaded.

        Raises:
            VoiceError: they cannot be.
        """
        self.start()
        assert self._keeper is not None  # noqa: S101 - start has just made it
        waiting = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait({waiting, self._keeper}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()
            raise VoiceError("The speech engines do not start; see the server's log.")

    async def stop(self) -> None:
        """End the worker."""
        self._closing = True
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        if self._keeper is not None:
            await asyncio.wait({self._keeper})
        self._keeper = None

    def open(self, chat: str, settings: ListenSettings, sink: Sink) -> None:
        self._chats[chat] = (settings, sink)
        self.start()
        self._send({"op": "open", "chat": chat, "settings": asdict(settings)})
        for text in self.replaced:
            asyncio.get_running_loop().call_soon(sink, EngineReplaced(text))

    def configure(self, chat: str, settings: ListenSettings) -> None:
        self._chats[chat] = (settings, self._chats[chat][1])
        self._send({"op": "configure", "chat": chat, "settings": asdict(settings)})

    def hear(self, chat: str, pcm: bytes) -> None:
        self._send({"op": "hear", "chat": chat}, pcm)

    def finish(self, chat: str) -> None:
        self._send({"op": "finish", "chat": chat})

    def say(self, chat: str, line: str, text: str) -> None:
        self._send({"op": "say", "chat": chat, "line": line, "text": text})

    def hush(self, chat: str) -> None:
        self._send({"op": "hush", "chat": chat})

    def close(self, chat: str) -> None:
        if self._chats.pop(chat, None):
            self._send({"op": "close", "chat": chat})

    def _send(self, head: frames.Head, body: bytes = b"") -> None:
        """Write a frame; one for a worker that is not there is made up for on its start."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        if body and process.stdin.transport.get_write_buffer_size() > _BACKLOG:
            return
        process.stdin.write(frames.pack(head, body))

    async def _keep(self) -> None:
        failures = 0
        while not self._closing and failures < _QUICK_DEATHS:
            self._ready.clear()
            await self._run_once()
            failures = 0 if self._ready.is_set() else failures + 1
            if not self._closing:
                self._lost(final=failures >= _QUICK_DEATHS)
        self._ready.clear()

    async def _run_once(self) -> None:
        groups = await asyncio.to_thread(make_beside)
        try:
            await self._run_in(groups)
        finally:
            await asyncio.to_thread(groups.remove)

    async def _run_in(self, groups: Groups) -> None:
        self._process = process = await asyncio.create_subprocess_exec(
            *groups.around(self._command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment(),
            limit=_LARGEST,
        )
        if self._closing:  # it was asked to stop while this one began
            process.kill()
        for chat, (settings, _) in self._chats.items():
            self._send({"op": "open", "chat": chat, "settings": asdict(settings)})
        assert process.stdout is not None  # noqa: S101 - it was asked for
        asking = asyncio.create_task(self._ask(process), name="ask the speech process")
        looking = asyncio.create_task(self._look(process), name="look at the speech process")
        try:
            await self._read(process.stdout)
            with contextlib.suppress(TimeoutError):  # what closed its pipe ends by itself
                await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
        finally:
            asking.cancel()
            looking.cancel()
            if process.returncode is None:
                process.kill()
            await process.wait()

    async def _ask(self, process: asyncio.subprocess.Process) -> None:
        """Have a worker load its engines, then answer again and again; end one that does not."""
        try:
            await asyncio.wait_for(self._ready.wait(), self._loads_within)
        except TimeoutError:
            log.error("the speech engines are not loaded in time")
        else:
            self._heard = True
            while self._heard:
                self._heard = False
                self._send({"op": "ping"})
                await asyncio.sleep(self._patience)
            log.error("the speech process does not answer")
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def _look(self, process: asyncio.subprocess.Process) -> None:
        """End a worker that a signal has halted, at the second look: it would answer nothing."""
        looks = 0
        while looks < _LOOKS:
            await asyncio.sleep(_LOOK)
            looks = looks + 1 if is_halted(process.pid) else 0
        log.error("the speech process was halted")
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                lengths = await stream.readexactly(frames.LENGTHS.size)
                head_size, body_size = frames.LENGTHS.unpack(lengths)
                data = await stream.readexactly(head_size + body_size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            head, body = frames.unpack(data, head_size)
            self._heard = True
            self._deliver(head, body)

    def _deliver(self, head: frames.Head, body: bytes) -> None:
        op = head.pop("op")
        if op == "ready":
            self._replace(tuple(head.get("replaced", ())))
            self._ready.set()
            return
        found = self._chats.get(head.pop("chat", ""))
        if found is None:  # it is gone, or this is the answer to a ping
            return
        if op == "heard":
            found[1](Heard(**head | {"readings": tuple(head["readings"])}))
        elif op == "sound":
            found[1](Sound(head["line"], body))
        else:
            found[1](Spoken(head["line"]))

    def _replace(self, replaced: tuple[str, ...]) -> None:
        if replaced == self.replaced:  # it was started again
            return
        self.replaced = replaced
        for text in replaced:
            log.warning("%s", text)
            for _, sink in list(self._chats.values()):
                sink(EngineReplaced(text))

    def _lost(self, *, final: bool) -> None:
        code = self._process.returncode if self._process else None
        reason = f"the speech process ended with {code}"
        log.error("%s%s", reason, "" if final else "; starting it again")
        for _, sink in list(self._chats.values()):
            sink(SpeechLost(reason, final))

    @staticmethod
    def _environment() -> dict[str, str]:
        """Nothing of the server's environment but what a program needs; no keys."""
        passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        root = str(Path(__file__).resolve().parents[3])
        paths = filter(None, (root, os.environ.get("PYTHONPATH")))
        return {**passed, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
