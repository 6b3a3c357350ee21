"""Starts of programs on a real desktop, told by the kernel and answered from outside."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agent.desktop import VirtualDesktop, virtual
from agent.desktop.base import Launcher
from agent.desktop.server.processes import SandboxProcess
from agent.desktop.server.starts import Hands, Start
from agent.desktop.server.watching import Asked

pytestmark = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

_PATIENCE = 20.0


class Answers:
    """Answers every question the same way, and remembers what was told."""

    def __init__(self) -> None:
        self.allow: bool | None = False
        self.asked_about: list[Start] = []
        self.begun: list[Start] = []
        self._told = threading.Condition()

    def started(self, start: Start) -> None:
        with self._told:
            self.begun.append(start)
            self._told.notify_all()

    def asked(self, asked: Asked) -> None:
        with self._told:
            self.asked_about.append(asked.start)
            self._told.notify_all()
        if self.allow is not None:
            asked.answer(allowed=self.allow)

    async def question(self, since: int) -> Start:
        """The first question after so many."""
        return await asyncio.to_thread(self._wait, since)

    def _wait(self, since: int) -> Start:
        with self._told:
            assert self._told.wait_for(lambda: len(self.asked_about) > since, _PATIENCE), (
                f"nobody was asked; begun: {[(s.how, s.line) for s in self.begun[-8:]]}"
            )
            return self.asked_about[since]


class Terminal:
    """An interactive bash on a terminal of its own, typed into from outside."""

    def __init__(self, desktop: VirtualDesktop, process: SandboxProcess, keys: int) -> None:
        self.desktop = desktop
        self._process = process
        self._keys = keys
        self._said = ""
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, desktop: VirtualDesktop) -> Terminal:
        read, write = os.pipe()
        process = await desktop.spawn(["script", "-qfc", "bash", "/dev/null"], stdin=read)
        os.close(read)
        terminal = cls(desktop, process, write)
        await terminal.line("echo re''ady", "ready")
        return terminal

    async def _read(self) -> None:
        async for piece in await self._process.read():
            self._said += piece.decode(errors="replace")

    def type(self, text: str) -> None:
        os.write(self._keys, text.encode())

    async def line(self, text: str, shows: str = "") -> None:
        """Type a line; with ``shows``, wait until the terminal shows that."""
        before = len(self._said)
        self.type(f"{text}\n")
        async with asyncio.timeout(_PATIENCE):
            while shows and shows not in self._said[before:]:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        os.close(self._keys)
        await self._process.kill()
        await self._reading


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def answers(desktop: VirtualDesktop) -> AsyncIterator[Answers]:
    listener = Answers()
    desktop.listen(listener)
    assert not desktop.status.unwatched
    yield listener
    desktop.listen(None)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def terminal(desktop: VirtualDesktop, answers: Answers) -> AsyncIterator[Terminal]:
    found = await Terminal.open(desktop)
    yield found
    await found.close()


_count = iter(range(1, 10_000))


def _new_line(desktop: VirtualDesktop, *, allowed: bool = False) -> int:
    """Say that the hands have just ended a line in a terminal; its number."""
    assert desktop.watch is not None
    number = next(_count)
    desktop.watch.hands = Hands(act=number, line=number, allowed=allowed)
    return number


async def _begun_of(desktop: VirtualDesktop, number: int) -> None:
    """Wait until an allowed line has started something, as the next act of the hands does."""
    assert desktop.watch is not None
    async with asyncio.timeout(_PATIENCE):
        while desktop.watch.bound != number:
            await asyncio.sleep(0.02)


@pytest.fixture
def mark(desktop: VirtualDesktop) -> Iterator[Path]:
    """A file that appears when something has run."""
    path = desktop.home / f"ran-{next(_count)}"
    yield path
    path.unlink(missing_ok=True)


_LINES = {
    "by name": "touch {mark}",
    "by path": "/usr/bin/touch {mark}",
    "by another link": "/bin/touch {mark}",
    "alias": "alias t='touch {mark}'\nt",
    "function": "f() {{ touch {mark}; }}; f",
    "subshell": "(touch {mark})",
    "substitution": "echo $(touch {mark})",
    "backquotes": "echo `touch {mark}`",
    "pipe": "echo {mark} | xargs touch",
    "and": "true && touch {mark}",
    "background": "touch {mark} &",
    "late": "{{ read -t 0.3 < <(:) ; touch {mark}; }} &",
    "nohup": "nohup touch {mark}",
    "setsid": "setsid -f touch {mark}",
    "disowned": "(touch {mark} &) ; disown -a",
    "env": "env -i touch {mark}",
    "exec in a subshell": "(exec touch {mark})",
    "command": "command touch {mark}",
    "eval": "eval 'touch {mark}'",
    "trap": "trap 'touch {mark}' USR1; kill -USR1 $$",
    "loop": "for i in 1 2 3; do touch {mark}; done",
    "here document": "bash <<< 'touch {mark}'",
    "shell": "sh -c 'touch {mark}'",
    "source": "echo touch {mark} > ~/s; . ~/s",
    "script": "echo touch {mark} > ~/s; bash ~/s",
    "python": "python3 -c 'import os; os.system(\"touch {mark}\")'",
    "perl": 'perl -e \'system("touch", "{mark}")\'',
    "make": "printf 'x:\\n\\ttouch {mark}\\n' > ~/m; make -f ~/m x",
    "find": "find /etc/hosts -exec touch {mark} \\;",
    "awk": "awk 'BEGIN {{ system(\"touch {mark}\") }}'",
    "vim": "vim -es -c ':!touch {mark}' -c ':q!'",
    "ed": "printf '!touch {mark}\\nq\\n' | ed",
    "less": "LESSOPEN='|touch {mark}' less /etc/hosts",
    "history": "set -o history; history -s touch {mark}\n!!",
    "prompt command": "PROMPT_COMMAND='touch {mark}; PROMPT_COMMAND='",
    "edited command": "set -o history; history -s touch {mark}\nfc -e true -1",
    "loader": "/lib64/ld-linux-x86-64.so.2 /usr/bin/touch {mark}",
    "session bus": "gdbus call --session --dest org.xfce.FileManager --object-path "
    "/org/xfce/FileManager --method org.xfce.FileManager.Launch file://{mark}.desktop :0 '' ''",
    "xdg-open": "xdg-open {mark}.desktop",
    "gio": "gio launch {mark}.desktop",
    "timeout": "timeout 5 touch {mark}",
    "tmux": "tmux -L {n} new-session -d 'touch {mark}'",
    "multiplexed terminal": "script -qc 'touch {mark}' /dev/null",
    "coprocess": "coproc touch {mark}",
    "process substitution": "cat <(touch {mark})",
    "completion": "complete -C 'touch {mark}' zz; compgen -C 'touch {mark}' z",
    "bash startup": "BASH_ENV=~/s bash -c :",
    "bound key": "bind -x '\"\\C-g\": touch {mark}'\n\x07",
    "shown before a command": "PS0='$(touch {mark})'\n:\nPS0=",
    "shown as the prompt": "PS1='$(touch {mark})'\nPS1='$ '",
    "command that is not found": "command_not_found_handle() {{ touch {mark}; }}; no-such-command",
    "debug trap": "trap 'touch {mark}' DEBUG; trap - DEBUG",
    "error trap": "trap 'touch {mark}' ERR; false; trap - ERR",
    "array": "mapfile -C 'touch {mark} #' -c 1 a < /etc/hosts",
    "another name's path": "hash -p /usr/bin/touch zz; zz {mark}; hash -r",
    "moved directory": "cd /usr/bin; ./touch {mark}; cd",
    "search path": "mkdir -p ~/b; ln -sf /usr/bin/touch ~/b/zz; PATH=~/b:$PATH zz {mark}",
    "stream editor": "sed '1e touch {mark}' /etc/hosts",
    "archive": "tar cf /dev/null --checkpoint=1 --checkpoint-action=exec='touch {mark}' /etc/hosts",
    "git": "git -c alias.zz='!touch {mark}' zz",
    "nice": "nice touch {mark}",
    "time": "time touch {mark}",
    "negation": "! touch {mark}",
    "lock": "flock /tmp/l touch {mark}",
    "xargs in parallel": "printf '{mark} {mark}.2' | xargs -n 1 -P 2 touch",
    "own bus": "dbus-run-session touch {mark}",
    "daemon": "python3 -c 'import os; os.fork() and os._exit(0); os.setsid(); "
    'os.fork() and os._exit(0); os.execvp("touch", ["touch", "{mark}"])\'',
    "terminal": "xfce4-terminal -x touch {mark}",
    "terminal by its service": "xfce4-terminal --tab -e 'touch {mark}'",
    "file manager": "thunar {mark}",
    "desktop's opener": "exo-open {mark}.desktop",
    "heredoc to python": "python3 <<< 'import os; os.system(\"touch {mark}\")'",
    "copy of a program": "cp /usr/bin/touch ~/own-touch; ~/own-touch {mark}",
    "file without a name": "exec 9< /usr/bin/touch; /proc/self/fd/9 {mark}; exec 9<&-",
    "case": "case x in x) touch {mark};; esac",
    "while": "while touch {mark}; do break; done",
    "arithmetic": "a[0]=1; echo $((a[$(touch {mark})0]))",
    "assignment": "X=$(touch {mark})",
    "test": "[[ -e $(touch {mark}) ]]",
    "redirection": "cat < $(touch {mark}; echo /dev/null)",
    "locale": "LC_ALL=C touch {mark}",
    "dash": "dash -c 'touch {mark}'",
    "vi's shell": "vi -es '+!touch {mark}' '+q!'",
    "perl's exec": 'perl -e \'exec "touch", "{mark}"\'',
    "script by its first line": "printf '#!/bin/sh\\ntouch {mark}\\n' > ~/s; chmod +x ~/s; ~/s",
    "watch": "watch -t -n 9 touch {mark}",
    "nested terminal": "tmux -L {n} new-session -d bash",
    "many at once": "touch {mark} | touch {mark} | touch {mark}",
    "after a pause": "(read -t 0.2 < <(:); touch {mark}) &",
    "jobs": "set -m; touch {mark} & fg",
    "wait": "touch {mark} & wait",
    "brace group": "{{ touch {mark}; }} 2>&1",
    "quoted": "\\touch {mark}",
    "by hex": "$'\\x74ouch' {mark}",
    "by variable": "t=touch; $t {mark}",
    "by glob": "/usr/bin/touc? {mark}",
    "by tilde": "HOME=/usr; ~/bin/touch {mark}; HOME=/home/user",
    "by the process's own root": "/proc/self/root/usr/bin/touch {mark}",
    "by a link to the process's own root": "ln -sfn /proc/self/root/usr/bin ~/r; ~/r/touch {mark}",
}


@pytest.mark.parametrize("way", _LINES)
async def test_what_a_terminals_shell_starts_is_asked_about(
    terminal: Terminal, answers: Answers, mark: Path, way: str
) -> None:
    desktop = terminal.desktop
    (desktop.home / "s").write_text(f"touch {desktop.inside(mark)}\n")
    (desktop.home / "s").chmod(0o644)
    since = len(answers.asked_about)
    answers.allow = False
    _new_line(desktop)
    await terminal.line(_LINES[way].format(mark=desktop.inside(mark), n=mark.name))
    start = await answers.question(since)
    assert start.how == "line"
    _new_line(desktop)
    await terminal.line("echo do''ne", "done")
    assert not mark.exists()


async def test_a_yes_runs_the_whole_line_and_asks_once(
    terminal: Terminal, answers: Answers, mark: Path
) -> None:
    inside = terminal.desktop.inside(mark)
    since = len(answers.asked_about)
    answers.allow = True
    _new_line(terminal.desktop)
    await terminal.line(
        f"for i in 1 2 3; do touch {inside}.$i; done; sh -c 'ls / | wc -l; touch {inside}'; "
        "echo al''l",
        "all",
    )
    assert mark.exists()
    assert len(answers.asked_about) == since + 1
    assert answers.asked_about[since].line == f"touch {inside}.1"
    assert "bash" in answers.asked_about[since].by


async def test_a_line_that_was_allowed_is_not_asked_about_again(
    terminal: Terminal, answers: Answers, mark: Path
) -> None:
    since = len(answers.asked_about)
    answers.allow = False
    _new_line(terminal.desktop, allowed=True)
    await terminal.line(f"touch {terminal.desktop.inside(mark)}; echo al''l", "all")
    assert mark.exists()
    assert len(answers.asked_about) == since
    _new_line(terminal.desktop)
    await terminal.line(f"rm {terminal.desktop.inside(mark)}; echo al''l", "all")
    assert mark.exists()
    assert len(answers.asked_about) == since + 1


async def test_what_an_allowed_line_does_later_belongs_to_it(
    terminal: Terminal, answers: Answers, mark: Path
) -> None:
    since = len(answers.asked_about)
    answers.allow = False
    inside = terminal.desktop.inside(mark)
    number = _new_line(terminal.desktop, allowed=True)
    terminal.type(f"(sleep 0.5; touch {inside}) &\n")
    await _begun_of(terminal.desktop, number)
    _new_line(terminal.desktop)
    async with asyncio.timeout(_PATIENCE):
        while not mark.exists():
            await asyncio.sleep(0.02)
    assert len(answers.asked_about) == since


async def test_nothing_is_asked_of_what_the_desktop_starts_for_itself(
    desktop: VirtualDesktop, answers: Answers
) -> None:
    since = len(answers.asked_about)
    answers.allow = False
    for launcher in await desktop.launchers():
        if launcher.id in ("org.xfce.mousepad", "thunar", "xfce4-terminal", "vim"):
            await desktop.launch(launcher)
            await desktop.settle(cap=3.0)
    process = await desktop.spawn(["sh", "-c", "ls / | wc -l; touch ~/by-a-tool"])
    assert await process.wait() == 0
    assert [s.line for s in answers.asked_about[since:]] == []


@pytest.mark.parametrize(
    "entry", ["Exec=touch {mark}", "Exec={home}/run-me", "Exec=env touch {mark}"]
)
async def test_a_launcher_of_the_home_is_asked_about(
    desktop: VirtualDesktop,
    answers: Answers,
    mark: Path,
    entry: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(virtual, "_WINDOW_WITHIN", 0.5)  # there will be none
    since = len(answers.asked_about)
    answers.allow = False
    inside, home = desktop.inside(mark), desktop.inside(desktop.home)
    script = desktop.home / "run-me"
    script.write_text(f"#!/bin/sh\ntouch {inside}\n")
    script.chmod(0o755)
    launcher = desktop.home / "zz.desktop"
    run = entry.format(mark=inside, home=home)
    launcher.write_text(f"[Desktop Entry]\nType=Application\nName=zz\n{run}\n")
    launcher.chmod(0o755)
    await desktop.launch(Launcher("x", "x", "", (), ("gio", "launch", desktop.inside(launcher))))
    start = await answers.question(since)
    assert start.how == ("file" if "run-me" in run else "launcher")
    assert not mark.exists()


async def test_a_service_of_the_home_is_asked_about(
    desktop: VirtualDesktop, answers: Answers, mark: Path
) -> None:
    since = len(answers.asked_about)
    answers.allow = False
    folder = desktop.home / ".local/share/dbus-1/services"
    folder.mkdir(parents=True)
    text = f"[D-BUS Service]\nName=org.example.Zz\nExec=/usr/bin/touch {desktop.inside(mark)}\n"
    (folder / "org.example.Zz.service").write_text(text)
    bus = ["gdbus", "call", "--session", "--dest"]
    reload = ["org.freedesktop.DBus", "--object-path", "/org/freedesktop/DBus", "--method"]
    process = await desktop.spawn([*bus, *reload, "org.freedesktop.DBus.ReloadConfig"])
    assert await process.wait() == 0
    await desktop.spawn([*bus, "org.example.Zz", "--object-path", "/", "--method", "org.x.Y"])
    start = await answers.question(since)
    assert (start.how, start.by[0]) == ("launcher", "dbus-daemon")
    assert not mark.exists()


async def test_everything_else_goes_on_while_a_start_waits(
    terminal: Terminal, answers: Answers, mark: Path
) -> None:
    since = len(answers.asked_about)
    answers.allow = None
    _new_line(terminal.desktop)
    await terminal.line(f"touch {terminal.desktop.inside(mark)} & echo go''es on", "goes on")
    await answers.question(since)
    process = await terminal.desktop.spawn(["true"])
    assert await process.wait() == 0
    assert (await terminal.desktop.screenshot()).width
    assert not mark.exists()
    answers.allow = False


async def test_a_watch_that_fails_ends_all_starts_and_the_desktop_comes_back_watched(
    desktop: VirtualDesktop, answers: Answers
) -> None:
    """The last test of its desktop: nothing of it is left afterwards."""
    old = desktop.watch
    assert old is not None
    answers.allow = False
    old._answers.append(None)  # type: ignore[arg-type]
    old._kernel.wake()
    async with asyncio.timeout(_PATIENCE):
        while desktop.watch is old or desktop.status.state != "ready":
            await asyncio.sleep(0.02)
    assert desktop.status.unwatched == ""
    since = len(answers.asked_about)
    terminal = await Terminal.open(desktop)
    await terminal.line("true; /usr/bin/true")
    await answers.question(since)
    await terminal.close()


async def test_where_the_kernel_refuses_the_status_says_so_and_programs_start() -> None:
    """As in a container that watches by itself: only one watch is possible in a line of filters."""
    program = (
        "import asyncio, ctypes, struct\n"
        "code = struct.pack('=HBBI', 6, 0, 0, 0x7FFF0000)\n"
        "kept = ctypes.create_string_buffer(code, 8)\n"
        "filter = struct.pack('@HP', 1, ctypes.addressof(kept))\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.prctl(38, 1, 0, 0, 0)\n"
        "number = {'x86_64': 317, 'aarch64': 277}[__import__('os').uname().machine]\n"
        "assert libc.syscall(number, 1, 8, filter) > 0\n"
        "from agent.desktop import VirtualDesktop\n"
        "async def main():\n"
        "    desktop = VirtualDesktop()\n"
        "    await desktop.start()\n"
        "    print(desktop.status.unwatched)\n"
        "    process = await desktop.spawn(['true'])\n"
        "    print(await process.wait())\n"
        "    await desktop.stop()\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.stdout.split("\n")[:2] == ["Device or resource busy", "0"], done.stderr
