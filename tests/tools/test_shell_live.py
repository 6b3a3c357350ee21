"""The shell in its sandbox: it remembers, streams, ends what hangs, and stays usable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from desks import Desk, until

from agent.tools import ShellTool, ToolCall, ToolResult
from agent.tools.output import NOT_UTF8

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


class Shell:
    """A shell tool that is asked in one word."""

    def __init__(self, tool: ShellTool) -> None:
        self.tool = tool
        self.streamed: list[str] = []

    async def run(self, command: str) -> str:
        return (await self.ask(command=command)).text

    async def ask(self, **given: Any) -> ToolResult:
        return await self.tool.run(ToolCall("a", "bash", given), self.streamed.append)


@pytest_asyncio.fixture(loop_scope="module")
async def shell(shared_desk: Desk) -> AsyncIterator[Shell]:
    tool = ShellTool(shared_desk.desktop)
    yield Shell(tool)
    await tool.close()


@pytest_asyncio.fixture(loop_scope="module")
async def hasty(shared_desk: Desk) -> AsyncIterator[Shell]:
    """A shell that ends commands after a second."""
    tool = ShellTool(shared_desk.desktop, time_limit=1.0)
    yield Shell(tool)
    await tool.close()


async def test_state_lasts_from_command_to_command(shell: Shell) -> None:
    """Folder, variables, arrays, functions, aliases and exports, quoted safely."""
    await shell.run("""cd /usr/share; x='a  "b"'; list=(1 "2 3"); f() { echo "f:$1"; }
        export E=$'two\\nlines'; alias hi='echo hello'; shopt -s nullglob""")
    text = await shell.run('pwd; echo "$x"; echo "${list[1]}"; f 1; env -0 | grep -zc "^E=two"; hi')
    assert text.splitlines() == ["/usr/share", 'a  "b"', "2 3", "f:1", "1", "hello"]


async def test_output_is_streamed_while_it_comes(shell: Shell) -> None:
    """The first line is there before the command has ended."""
    task = asyncio.create_task(shell.run("echo first; read -t 60 < <(sleep 60); echo last"))

    async def seen() -> bool:
        return "first" in "".join(shell.streamed)

    await until(seen, "the first line")
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("hang", ["sleep 1000", "while :; do :; done", "sleep 1000 | cat"])
async def test_a_command_that_hangs_is_ended_and_the_shell_goes_on(hasty: Shell, hang: str) -> None:
    """With all its processes; folder and variables are as before."""
    await hasty.run("cd /usr; x=kept")
    result = await hasty.ask(command=f"echo begun; cd /tmp; {hang}")
    assert result.is_error
    assert "begun" in result.text
    assert "ended after 1 seconds" in result.text
    assert (await hasty.run("pwd; echo $x")).splitlines() == ["/usr", "kept"]
    assert "[exit code 1]" in await hasty.run("pgrep -x sleep")


@pytest.mark.parametrize("command", ["cat", "read answer", "python3 -c 'input()'", "bash"])
async def test_a_command_that_asks_gets_no_answer_and_ends(hasty: Shell, command: str) -> None:
    """Nothing waits for a keyboard that nobody sits at."""
    assert "ended after" not in await hasty.run(command)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("vim", "Change files with the editor tool"),
        ("vi notes.txt", "vi needs a keyboard"),
        ("env vim notes.txt", "vim needs a keyboard"),
        ("watch -n 1 date", "Run the command once"),
        ("top", "top -b -n 1"),
        ("nano notes.txt", "nano"),
        (
            "git init -q a; cd a; >x; git add x; git -c user.name=a -c user.email=a@b commit",
            "git commit -m",
        ),
        ("$EDITOR x", "Give the text on the command line"),
        ("python3 -c 'input()'", "no terminal and no keyboard"),
        ("python3 -c 'open(\"/dev/tty\")'", "no terminal and no keyboard"),
        ("read x </dev/tty", "no terminal and no keyboard"),
        ("tmux", "no terminal and no keyboard"),
        ("ssh-keygen -t ed25519", "no terminal and no keyboard"),
        ("ssh-keygen -q -N secret -f key; ssh-keygen -y -f key", "no terminal and no keyboard"),
        ("gpg -c /etc/hosts", "no terminal and no keyboard"),
        ("python3 -c 'import getpass; getpass.getpass()'", "no terminal and no keyboard"),
        ("su -c id", "su: "),
        ("sudo -k ls", "sudo: "),
        (
            "echo 'sudo: a terminal is required to read the password; use -S' >&2; false",
            "no terminal and no keyboard",
        ),
        (
            "echo 'ann@host: Permission denied (publickey,password).' >&2; false",
            "no terminal and no keyboard",
        ),
    ],
)
async def test_what_wants_a_keyboard_ends_at_once_and_says_what_to_do(
    shell: Shell, command: str, words: str
) -> None:
    async with asyncio.timeout(60):  # half of what a command may take
        result = await shell.ask(command=f"cd; {command}")
    assert result.exit_code
    if "not found" not in result.text:
        assert words in result.text


@pytest.mark.parametrize(
    "said",
    [
        "ssh: connect to host h port 22: Connection refused",
        "Pseudo-terminal will not be allocated because stdin is not a terminal.",
        "ann@host: Permission denied (publickey).",
        "KeyError: 'password'",
    ],
)
async def test_what_fails_for_another_reason_is_not_said_to_want_a_keyboard(
    shell: Shell, said: str
) -> None:
    assert "no keyboard" not in await shell.run(f'echo "{said}" >&2; false')


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("top -bn1", "PID"),
        ("watch --version", "watch from"),
        ("vim --version", "VIM - Vi IMproved"),
        ("printf 'b\\na\\n' >t; vim -es -c '%sort' -c wq t; cat t", "a\nb"),
        ("yes | head -n 9 | less", "y\ny"),
        ("seq 3 | more", "1\n2\n3"),
        ("git --no-pager log 2>&1; echo $PAGER $TERM $DEBIAN_FRONTEND", "cat dumb noninteractive"),
    ],
)
async def test_what_works_without_a_keyboard_still_works(
    shell: Shell, command: str, words: str
) -> None:
    text = await shell.run(f"cd; {command}")
    if "not found" not in text:
        assert words in text


async def test_what_was_set_otherwise_stays_so(shell: Shell) -> None:
    await shell.run("export TERM=xterm EDITOR=ed; unset PAGER")
    assert await shell.run('echo "$TERM $EDITOR ${PAGER-none}"') == "xterm ed none"


async def test_a_cancelled_command_leaves_no_process(shell: Shell) -> None:
    """Stop kills what runs, at once, and the shell can be used again."""
    task = asyncio.create_task(shell.run("echo begun; sleep 1234 & sleep 1234"))

    async def seen() -> bool:
        return "begun" in "".join(shell.streamed)

    await until(seen, "the beginning")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "[exit code 1]" in await shell.run("pgrep -f 'sleep 1234$'")


async def test_background_jobs_live_on_until_restart(shell: Shell) -> None:
    """They keep no command waiting, whatever they print; restart ends them."""
    text = await shell.run("(while :; do echo noise; sleep 0.01; done) & echo started; x=1")
    assert "started" in text
    assert await shell.run("pgrep -c -f '^bash.*noise'") != "0\n[exit code 1]"
    result = await shell.ask(restart=True)
    assert not result.is_error
    assert "noise" not in await shell.run('pgrep -af "sleep 0.01$"; echo "x=$x"')
    assert "x=" in (await shell.run('echo "x=$x"')).splitlines()


async def test_jobs_are_told_when_they_begin_and_end_and_when_asked_for(shell: Shell) -> None:
    await shell.ask(restart=True)
    begun = await shell.run("sleep 4321 >/dev/null 2>&1 & echo started")
    assert begun.startswith("started\n[Running in the background: ")
    assert begun.endswith(" sleep 4321]")
    assert await shell.run("echo usable") == "usable"
    assert "sleep 4321" in await shell.run("jobs")
    ended = await shell.run("pkill -f 'sleep 4321$'; echo gone")
    assert "[Ended in the background: " in ended
    assert await shell.run("jobs") == "The command succeeded without output."


async def test_stop_ends_jobs_of_earlier_commands_but_no_windows(desk: Desk, shell: Shell) -> None:
    """Also one that has left its session; what is in a window may be unsaved."""
    await shell.run("sleep 4322 & (setsid sleep 4323 &) ; nohup sleep 4324 & mousepad & true")

    async def shown() -> bool:
        return bool(await desk.desktop.windows())

    await until(shown, "the window")
    shell.tool.stop()
    text = await shell.run("jobs")
    assert "sleep 432" not in text.partition("[Ended")[0]
    assert "mousepad" in text
    assert await shown()


async def test_long_output_keeps_its_head_and_tail(shell: Shell) -> None:
    text = await shell.run("seq 1 200000")
    assert len(text) < 31_000
    assert text.startswith("1\n2\n")
    assert text.endswith("199999\n200000")
    assert "characters left out" in text
    assert len("".join(shell.streamed)) < 300_000


async def test_a_flood_is_ended(shell: Shell) -> None:
    result = await shell.ask(command="yes")
    assert result.is_error
    assert "64 MB" in result.text
    assert await shell.run("echo usable") == "usable"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("exit 3", "[exit code 3]"),
        ("false", "[exit code 1]"),
        ("true", "The command succeeded without output."),
        ("set -e; false; echo no", "[exit code 1]"),
        ("exec echo replaced", "replaced"),
        ("kill -9 $$", "[exit code -9]"),
        (r"printf '\e[31mred\e[0m 10%%\r100%%\n\0'", "100%"),
        (r"printf 'caf\351\nna\303\257ve'", "caf\\xe9\nnaïve\n" + NOT_UTF8),
        ("echo out; echo err >&2", "out\nerr"),
    ],
)
async def test_ends_of_all_kinds_are_told(shell: Shell, command: str, text: str) -> None:
    """And the next command runs."""
    assert await shell.run(command) == text
    assert await shell.run("echo usable") == "usable"


async def test_broken_syntax_costs_one_command(shell: Shell) -> None:
    for broken in ('echo "open', "cat <<END", "if true; then", ")", "case x in"):
        await shell.run(broken)
        assert await shell.run("echo usable") == "usable"


async def test_the_shell_sees_nothing_of_the_server(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its environment nor its user nor its network: it is in the sandbox."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-of-the-server")
    text = await shell.run("id -u; env; ls /root /home 2>&1; cat /etc/shadow 2>&1; ls /sys 2>&1")
    assert text.splitlines()[0] != "0"
    assert "ANTHROPIC" not in text
    assert "root:" not in text
    assert "[exit code" in await shell.run("exec 3<>/dev/tcp/192.0.2.1/80")
