"""The shell tool (``bash_20250124``): a bash in the desktop's sandbox that remembers.

Each command runs in a bash of its own, which starts from the state that the last one left
(folder, variables, functions, aliases, umask) and writes it down at its end. To the
model that is one lasting shell, and it has no protocol to fall out of step with: unbalanced
quotes, ``exit``, ``exec`` or a killed command cost one command, never the shell. Commands
read from /dev/null, so one that asks for input gets end-of-file instead of hanging.
Background jobs live on between commands, until ``restart``.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.desktop.base import Desktop, Process
from agent.errors import BadInput, DesktopError, ToolError
from agent.models.base import ToolSpec
from agent.tools import inputs
from agent.tools.base import Intent, ToolCall, ToolResult

_log = logging.getLogger(__name__)

TIME_LIMIT = 120.0
"""Seconds for one command."""

OUTPUT_CAP = 30_000
"""Characters of output that reach the model: the first and the last halves."""

_COMMAND_CAP = 100_000
_STREAM_CAP = 100_000
"""Characters that are passed on as they come; a flood helps nobody."""
_FLOOD = 64 << 20
"""Bytes after which a command is ended."""
_LINGER = 1.0
"""Seconds for what is still in the pipe when background jobs keep it open …"""
_LOOK = 0.08
_LOOKS = 3
"""… which ends earlier when so many looks of so many seconds brought nothing."""

_RUN = r"""
_sayso_state="${XDG_RUNTIME_DIR:-/tmp}/$1"
shopt -s expand_aliases
if [[ -r $_sayso_state ]]; then source "$_sayso_state" 2>/dev/null; fi
_sayso_save() {
    { set +xveu; trap - ERR DEBUG; } 2>/dev/null
    {
        printf 'cd -- %q\n' "$PWD"
        umask -p; shopt -p; alias -p; declare -f; declare -p
    } >"$_sayso_state.new" 2>/dev/null && mv -f -- "$_sayso_state.new" "$_sayso_state"
}
trap _sayso_save EXIT
export SAYSO_SHELL=$1 TERM=dumb PAGER=cat GIT_PAGER=cat
eval "$2"
"""

_END = r"""
for process in /proc/[0-9]*; do
    if grep -qzx "SAYSO_SHELL=$1" "$process/environ" 2>/dev/null; then
        kill -KILL "${process#/proc/}" 2>/dev/null
    fi
done
rm -f -- "${XDG_RUNTIME_DIR:-/tmp}/$1"
"""

_ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Command(BaseModel):
    """Input of the ``bash`` tool."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    command: str = Field("", max_length=_COMMAND_CAP, description="The command or script for bash.")
    restart: bool = Field(
        False, description="True to begin anew: forgets state, ends background jobs."
    )


class ShellTool:
    """A bash that remembers, inside the sandbox of one desktop.

    Args:
        desktop: where commands run, as the desktop's own user.
        time_limit: seconds for one command; then its processes are killed, and the shell
            goes on from the state before it.
    """

    def __init__(self, desktop: Desktop, *, time_limit: float = TIME_LIMIT) -> None:
        self._desktop = desktop
        self._limit = time_limit
        self._state = _new_state()
        self._turn = asyncio.Lock()
        self._readers: set[asyncio.Task[None]] = set()

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="bash",
            description=(
                "Run a bash command on the desktop's machine. Folder, variables and functions "
                "last from call to call. There is no terminal and no input: commands that ask "
                f"read end-of-file. A command is ended after {self._limit:g} seconds: start what "
                "runs longer, and graphical programs, in the background with &."
            ),
            members={"bash": inputs.schema(Command)},
            hosted="bash_20250124",
        )

    async def intent(self, call: ToolCall) -> Intent:
        """The command, word for word."""
        command = call.input.get("command")
        if call.input.get("restart") is True and not command:
            return Intent("bash", "restart", harmless=True)
        return Intent("bash", "bash", {"command": command} if isinstance(command, str) else {})

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """Run a command. Never raises but for cancellation, which kills the command."""
        try:
            given = inputs.read(Command, "bash", call.input)
            async with self._turn:
                if given.restart:
                    return await self._restart(given.command)
                return await self._command(given.command, output)
        except (ToolError, DesktopError) as error:
            return ToolResult.of(error)
        except Exception as error:  # noqa: BLE001 - the border: our fault must not end the run
            _log.exception("bash failed")
            return ToolResult(f"bash failed inside the tool: {error!r}.", is_error=True)

    async def close(self) -> None:
        """End background jobs. Says nothing if the desktop is gone: so are they."""
        try:
            await self._end_jobs()
        except (ToolError, DesktopError) as error:
            _log.info("Background jobs were not ended: %s", error)
        if self._readers:
            await asyncio.wait(self._readers, timeout=_LINGER)
        for reader in self._readers:
            reader.cancel()

    async def _restart(self, command: str) -> ToolResult:
        if command:
            raise BadInput("bash: give either command or restart, not both.")
        await self._end_jobs()
        self._state = _new_state()
        return ToolResult("The shell has been restarted.")

    async def _end_jobs(self) -> None:
        argv = ["bash", "--noprofile", "--norc", "-c", _END, "bash", self._state]
        process = await self._desktop.spawn(argv)
        await asyncio.wait_for(process.wait(), 10)

    async def _command(self, command: str, output: Callable[[str], None]) -> ToolResult:
        if not command.strip():
            raise BadInput("bash: command is empty. Give a command, or restart: true.")
        if "\0" in command:
            raise BadInput("bash: command has U+0000, which no shell can take.")
        argv = ["bash", "--noprofile", "--norc", "-c", _RUN, "bash", self._state, command]
        process = await self._desktop.spawn(argv)
        said = _Output(output)
        try:
            code = await asyncio.wait_for(self._follow(process, said), self._limit)
        except TimeoutError:
            await process.kill()
            return self._too_long(said)
        except BaseException:
            await asyncio.shield(process.kill())
            raise
        return _result(said, code)

    async def _follow(self, process: Process, said: _Output) -> int:
        """Read until the command has ended, and what it left in the pipe.

        Background jobs may hold the pipe open: it is read on, unheard, so that they do
        not block.
        """
        reading = asyncio.create_task(_drain(process, said))
        self._readers.add(reading)
        reading.add_done_callback(self._readers.discard)
        code = await process.wait()
        await _read_out(reading, said)
        said.add(b"", final=True)
        said.muted = True
        return code

    def _too_long(self, said: _Output) -> ToolResult:
        ended = (
            f"The command was ended after {self._limit:g} seconds with all its processes. The "
            "shell is as it was before it."
        )
        shown = f"{said.text()}\n{ended}".strip()
        advice = (
            "Start long-running programs in the background with &, with their output to a file."
        )
        return ToolResult(f"{shown} {advice}", is_error=True, shown=shown)


class _Output:
    """Collects output: streams its beginning, keeps head and tail, counts the rest."""

    def __init__(self, stream: Callable[[str], None]) -> None:
        self._stream = stream
        self._decoder: Any = codecs.getincrementaldecoder("utf-8")("replace")
        self._head = ""
        self._tail = ""
        self._dropped = 0
        self._streamed = 0
        self.bytes = 0
        self.flooded = False
        self.muted = False

    def add(self, data: bytes, *, final: bool = False) -> None:
        if self.muted:
            return
        self.bytes += len(data)
        text = self._decoder.decode(data, final)
        if text and self._streamed < _STREAM_CAP:
            self._stream(_clean(text))
            self._streamed += len(text)
        room = OUTPUT_CAP // 2 - len(self._head)
        self._head += text[:room] if room > 0 else ""
        tail = self._tail + (text[room:] if room > 0 else text)
        self._dropped += max(0, len(tail) - OUTPUT_CAP // 2)
        self._tail = tail[-(OUTPUT_CAP // 2) :]

    def text(self) -> str:
        """What the model is told."""
        cut = f"\n… ({self._dropped} characters left out) …\n" if self._dropped else ""
        return _clean(_last_of_redrawn(f"{self._head}{cut}{self._tail}")).rstrip("\n")


async def _drain(process: Process, said: _Output) -> None:
    async for data in await process.read():
        said.add(data)
        if said.bytes > _FLOOD and not said.muted:
            said.flooded = said.muted = True
            await process.kill()  # and read on to the pipe's end, which closes it


async def _read_out(reading: asyncio.Task[None], said: _Output) -> None:
    """Wait for the pipe's end, or until it has been silent for several looks."""
    silent, deadline = 0, time.monotonic() + _LINGER
    while not reading.done() and silent < _LOOKS and time.monotonic() < deadline:
        before = said.bytes
        await asyncio.wait({reading}, timeout=_LOOK)
        silent = silent + 1 if said.bytes == before else 0


def _result(said: _Output, code: int) -> ToolResult:
    text = said.text()
    if said.flooded:
        ended = f"The command was ended: it wrote more than {_FLOOD >> 20} MB."
        shown = f"{text}\n{ended}"
        return ToolResult(f"{shown} Write to a file.", is_error=True, shown=shown)
    if code:
        return ToolResult(f"{text}\n[exit code {code}]".strip(), exit_code=code)
    return ToolResult(text or "The command succeeded without output.", exit_code=0)


def _last_of_redrawn(text: str) -> str:
    """Lines that were redrawn with carriage returns, as they stood last."""
    return re.sub(r"[^\n]*\r(?!\n|$)", "", text.replace("\r\n", "\n"))


def _clean(text: str) -> str:
    """Without terminal escapes and control characters."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def _new_state() -> str:
    return f"sayso-shell-{secrets.token_hex(8)}"
