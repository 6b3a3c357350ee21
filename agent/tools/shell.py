"""The shell tool (``bash_20250124``): a bash in the desktop's sandbox that remembers.

Each command runs in a bash of its own, which starts from the state that the last one left
(folder, variables, functions, aliases, umask) and writes it down at its end. To the
model that is one lasting shell, and it has no protocol to fall out of step with: unbalanced
quotes, ``exit``, ``exec`` or a killed command cost one command, never the shell. Commands
read from /dev/null, so one that asks for input gets end-of-file instead of hanging; programs
that want a keyboard end at once and say what to do instead (``no_keyboard.sh``).
Background jobs live on between commands, until ``restart`` or a stop.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from agent.desktop.base import Desktop, Process
from agent.errors import BadInput, DesktopError, ToolError
from agent.models.base import ToolSpec
from agent.tools import inputs
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.output import Output, pieces

_log = logging.getLogger(__name__)

TIME_LIMIT = 120.0
"""Seconds for one command."""

_COMMAND_CAP = 100_000
_FLOOD = 64 << 20
"""Bytes after which a command is ended."""
_LINGER = 1.0
"""Seconds for what is still in the pipe when background jobs keep it open …"""
_LOOK = 0.08
_LOOKS = 3
"""… which ends earlier when so many looks of so many seconds brought nothing."""
_PATIENCE = 10.0
"""Seconds for listing and ending background jobs."""
_SHOWN_JOBS = 10

_BASH = ("bash", "--noprofile", "--norc", "-c")
_HERE = Path(__file__).parent
_RUN = (_HERE / "shell_run.sh").read_text("utf-8")
_NO_KEYBOARD = (_HERE / "no_keyboard.sh").read_text("utf-8")
_JOBS = (_HERE / "shell_jobs.py").read_text("utf-8")
_FORGET = 'rm -rf -- "${XDG_RUNTIME_DIR:-/tmp}/$1"'

_ASKED = re.compile(
    r"(?<!because stdin is )not a terminal|"
    r"not from a terminal|not a tty|no tty|tty get|terminal is required|/dev/tty|"
    r"EOF when reading a line|open terminal failed|error opening terminal|askpass|"
    r"terminal prompts disabled|password change has been aborted|no such device or address|"
    r"host key verification failed|must be run from a terminal|interactive (mode|login)|"
    r"\bon a tty|inappropriate ioctl|setrawmode|EOFError|get passphrase|creating passphrase|"
    r"permission denied \([^)\n]*(password|keyboard-interactive)|"
    r"(password|passphrase)[^\n:?]*: ?(?=\n|$)|passphrase: load key|\[y/n\]|\(yes/no|"
    r"\benter [^\n]*: ?\Z",
    re.IGNORECASE,
)
"""What programs say that found no terminal to ask in."""
_LAST_WORDS = 2000
_NOBODY = (
    "[There is no terminal and no keyboard here: a program that asks gets no answer. Give it as "
    "an argument or option (such as --yes), through a pipe (printf 'y\\n' | COMMAND), or run "
    "the program in a terminal window on the screen.]"
)


class Command(BaseModel):
    """Input of the ``bash`` tool."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    command: str = Field("", max_length=_COMMAND_CAP, description="The command or script for bash.")
    restart: bool = Field(
        False, description="True to start over: forgets state, ends background jobs."
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
        self._mark = _new_mark()
        self._jobs: dict[int, _Job] = {}
        self._turn = asyncio.Lock()
        self._readers: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Task[None] | None = None
        self._used = False

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="bash",
            description=(
                "Run a bash command on the desktop's machine. Folder, variables and functions "
                "last from call to call. There is no terminal and no input: commands that ask "
                f"read end-of-file. A command is ended after {self._limit:g} seconds: start what "
                "runs longer, and graphical programs, in the background with &; jobs lists them."
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

    def stop(self) -> None:
        """Begin to end background jobs, those of earlier commands too. Windows stay open."""
        if self._ending is None or self._ending.done():
            # Not under the permit of whatever work was just interrupted.
            own = contextvars.Context()
            ended = self._quietly_end_jobs(spare_windows=True)
            self._ending = asyncio.get_running_loop().create_task(ended, context=own)

    async def close(self) -> None:
        """End background jobs. Says nothing if the desktop is gone: so are they."""
        if self._ending is not None:
            await asyncio.wait({self._ending}, timeout=_PATIENCE)
        await self._quietly_end_jobs()
        if self._readers:
            await asyncio.wait(self._readers, timeout=_LINGER)
        for reader in self._readers:
            reader.cancel()

    async def _restart(self, command: str) -> ToolResult:
        if command:
            raise BadInput("bash: give either command or restart, not both.")
        await self._end_jobs()
        if self._used:
            await self._inside([*_BASH, _FORGET, "bash", self._mark])
        self._mark = _new_mark()
        self._jobs.clear()
        return ToolResult("The shell has been restarted.")

    async def _quietly_end_jobs(self, *, spare_windows: bool = False) -> None:
        try:
            await self._end_jobs(spare_windows=spare_windows)
        except (ToolError, DesktopError, TimeoutError) as error:
            _log.info("Background jobs were not ended: %s", error)

    async def _end_jobs(self, *, spare_windows: bool = False) -> None:
        if self._used:
            spared = await self._with_windows() if spare_windows else ()
            await self._ask_jobs("end", *spared)

    async def _with_windows(self) -> list[str]:
        """Programs that a person may have work in."""
        async with asyncio.timeout(_LINGER):
            windows = await self._desktop.windows()
        return [str(window.pid) for window in windows if window.pid is not None]

    async def _news_of_jobs(self) -> str:
        """What was begun or has ended in the background since the last command."""
        try:
            now = {job.pid: job for job in await self._ask_jobs("list")}
        except (ToolError, DesktopError, TimeoutError) as error:
            _log.info("Background jobs were not listed: %s", error)
            return ""
        before, self._jobs = self._jobs, now
        begun = [str(job) for pid, job in now.items() if pid not in before]
        ended = [str(job) for pid, job in before.items() if pid not in now]
        told = [
            f"[Running in the background: {_few(begun)}]" if begun else "",
            f"[Ended in the background: {_few(ended)}]" if ended else "",
        ]
        return "\n".join(filter(None, told))

    async def _ask_jobs(self, action: str, *pids: str) -> list[_Job]:
        said = await self._inside(["python3", "-I", "-S", "-c", _JOBS, self._mark, action, *pids])
        return [job for line in said.splitlines() if (job := _Job.read(line)) is not None]

    async def _inside(self, argv: list[str]) -> str:
        """What a program of ours prints."""
        process = await self._desktop.spawn(argv)
        said = bytearray()
        try:
            async with asyncio.timeout(_PATIENCE):
                async for data in await process.read():
                    said += data
                await process.wait()
        except BaseException:
            await asyncio.shield(process.kill())
            raise
        return said.decode("utf-8", "replace")

    async def _command(self, command: str, output: Callable[[str], None]) -> ToolResult:
        if not command.strip():
            raise BadInput("bash: command is empty. Give a command, or restart: true.")
        if "\0" in command:
            raise BadInput("bash: command has U+0000, which no shell can take.")
        if self._ending is not None:
            await asyncio.wait({self._ending})
        self._used = True
        own = [self._mark, command, _NO_KEYBOARD, _JOBS]
        process = await self._desktop.spawn([*_BASH, _RUN, "bash", *own])
        said = Output(output)
        try:
            code = await asyncio.wait_for(self._follow(process, said), self._limit)
        except TimeoutError:
            await process.kill()
            return self._too_long(said)
        except BaseException:
            await asyncio.shield(process.kill())
            raise
        return _result(said, code, await self._news_of_jobs())

    async def _follow(self, process: Process, said: Output) -> int:
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

    def _too_long(self, said: Output) -> ToolResult:
        ended = (
            f"The command was ended after {self._limit:g} seconds with all its processes. The "
            "shell is as it was before it."
        )
        shown = f"{said.text()}\n{ended}".strip()
        advice = (
            "Start long-running programs in the background with &, with their output to a file."
        )
        return ToolResult(f"{shown} {advice}", is_error=True, shown=shown)


@dataclass(frozen=True, slots=True)
class _Job:
    """A program that a command left running."""

    pid: int
    command: str

    @classmethod
    def read(cls, line: str) -> _Job | None:
        """What one line of ``shell_jobs.py`` says; None if it is none of them."""
        try:
            said = json.loads(line)
            return cls(int(said["pid"]), str(said["command"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def __str__(self) -> str:
        return f"{self.pid} {self.command}"


async def _drain(process: Process, said: Output) -> None:
    async for data in await process.read():
        for piece in pieces(data):
            said.add(piece)
            await asyncio.sleep(0)
        if said.bytes > _FLOOD and not said.muted:
            said.flooded = said.muted = True
            await process.kill()  # and read on to the pipe's end, which closes it


async def _read_out(reading: asyncio.Task[None], said: Output) -> None:
    """Wait for the pipe's end, or until it has been silent for several looks."""
    silent, deadline = 0, time.monotonic() + _LINGER
    while not reading.done() and silent < _LOOKS and time.monotonic() < deadline:
        before = said.bytes
        await asyncio.wait({reading}, timeout=_LOOK)
        silent = silent + 1 if said.bytes == before else 0


def _result(said: Output, code: int, jobs: str) -> ToolResult:
    text = said.text()
    if said.flooded:
        ended = f"The command was ended: it wrote more than {_FLOOD >> 20} MB."
        shown = f"{text}\n{ended}"
        return ToolResult(f"{shown} Write to a file.", is_error=True, shown=shown)
    if not code:
        text = text or "The command succeeded without output."
        return ToolResult(_lines(text, jobs), exit_code=0)
    asked = _ASKED.search(text, max(0, len(text) - _LAST_WORDS))
    ended = f"[exit code {code}]"  # the last line, as readers expect it
    told = _lines(text, jobs, _NOBODY if asked else "", ended)
    return ToolResult(told, exit_code=code, shown=_lines(text, jobs, ended) if asked else None)


def _lines(*parts: str) -> str:
    return "\n".join(filter(None, parts))


def _few(jobs: list[str]) -> str:
    more = f" and {len(jobs) - _SHOWN_JOBS} more" if len(jobs) > _SHOWN_JOBS else ""
    return "; ".join(jobs[:_SHOWN_JOBS]) + more


def _new_mark() -> str:
    return f"sayso-shell-{secrets.token_hex(8)}"
