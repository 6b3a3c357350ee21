"""Which starts are asked about, on a kernel in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from bpf import answer_of

from agent.desktop.server import guardian
from agent.desktop.server.installed import Installed
from agent.desktop.server.starts import Hands, Judge, Start
from agent.desktop.server.watching import Asked, ProgramWatch
from agent.testing.fake_kernel import GUARDIAN, FakeKernel

_INSTALLED = ("mousepad %F", "vim %F", "/usr/bin/python3.11", "app --new %u --icon %i")


class Desk:
    """A watch over a kernel in memory; every question is answered with ``allow``."""

    def __init__(self, allow: bool | None) -> None:
        self.allow = allow
        self.kernel = FakeKernel()
        self.judge = Judge(self.kernel, GUARDIAN, Installed(_INSTALLED))
        self.lost: list[str] = []
        self.asked_about: list[Start] = []
        self.open: list[Asked] = []
        self.begun: list[Start] = []
        self.told = threading.Event()
        self.watch = ProgramWatch(self.kernel, self.judge, self._lost)
        self.watch.listener = self
        self.watch.start()

    def _lost(self, why: str) -> None:
        self.lost.append(why)
        self.told.set()

    def started(self, start: Start) -> None:
        self.begun.append(start)

    def asked(self, asked: Asked) -> None:
        self.asked_about.append(asked.start)
        self.open.append(asked)
        self.told.set()
        if self.allow is not None:
            asked.answer(allowed=self.allow)

    def run(self, parent: int, *argv: str, **how: object) -> tuple[int, str]:
        """A child of ``parent`` becomes a program; its number, and whether it may."""
        child = self.kernel.fork(parent, **how)  # type: ignore[arg-type]
        return child, self.become(child, *argv)

    def become(self, pid: int, *argv: str, path: str = "") -> str:
        return self.kernel.answer(self.kernel.starts(pid, *argv, path=path))

    def shell(self) -> int:
        terminal, _ = self.run(GUARDIAN, "xfce4-terminal")
        shell, answer = self.run(terminal, "bash", session=-1, terminal=True)
        assert answer == "allowed"
        return shell

    def acts(self, number: int, *, line: bool = True, allowed: bool = False) -> None:
        before = self.watch.hands
        self.watch.hands = Hands(number, number if line else before.line, allowed)


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk(allow=False)
    yield made
    made.watch.close()


def test_a_shell_in_a_terminal_is_free_and_what_it_starts_is_not(desk: Desk):
    shell = desk.shell()
    assert desk.asked_about == []
    _, answer = desk.run(shell, "touch", "x")
    assert answer == "refused"
    assert desk.asked_about[0].how == "line"
    assert desk.asked_about[0].by == ("bash", "xfce4-terminal")


def test_one_line_is_asked_about_once_whatever_the_answer(desk: Desk):
    shell = desk.shell()
    assert [desk.run(shell, "touch", str(n))[1] for n in range(3)] == ["refused"] * 3
    assert len(desk.asked_about) == 1
    desk.acts(1)
    desk.allow = True
    assert [desk.run(shell, "touch", str(n))[1] for n in range(3)] == ["allowed"] * 3
    assert len(desk.asked_about) == 2


def test_two_starts_of_a_line_that_waits_have_one_question(desk: Desk):
    desk.allow = None
    shell = desk.shell()
    first = desk.kernel.starts(desk.kernel.fork(shell), "cat", "x")
    second = desk.kernel.starts(desk.kernel.fork(shell), "wc")
    assert desk.told.wait(20)
    desk.open[0].answer(allowed=True)
    assert desk.kernel.answer(first) == desk.kernel.answer(second) == "allowed"
    assert len(desk.asked_about) == 1


def test_a_yes_covers_all_below_and_no_other_terminal(desk: Desk):
    desk.allow = True
    shell, other = desk.shell(), desk.shell()
    make, _ = desk.run(shell, "make")
    desk.allow = False
    sub, answer = desk.run(make, "sh", "-c", "cc x.c")
    assert answer == "allowed"
    assert desk.run(sub, "/home/user/built")[1] == "allowed"
    assert desk.run(other, "touch", "x")[1] == "refused"


def test_an_allowed_line_belongs_to_the_first_terminal_that_starts_something(desk: Desk):
    shell, other = desk.shell(), desk.shell()
    desk.acts(1, allowed=True)
    assert desk.run(shell, "touch", "x")[1] == "allowed"
    assert desk.run(other, "touch", "x")[1] == "refused"
    assert desk.run(shell, "touch", "y")[1] == "allowed"


def test_an_allowed_line_that_started_nothing_allows_nothing_after_the_next_act(desk: Desk):
    shell = desk.shell()
    desk.acts(1, allowed=True)
    desk.acts(2, line=False)
    assert desk.run(shell, "touch", "x")[1] == "refused"


def test_an_allowed_line_goes_on_while_the_agent_works_elsewhere(desk: Desk):
    shell = desk.shell()
    desk.acts(1, allowed=True)
    assert desk.run(shell, "touch", "x")[1] == "allowed"
    desk.acts(2, line=False)
    assert desk.run(shell, "touch", "y")[1] == "allowed"
    desk.acts(3)
    assert desk.run(shell, "touch", "z")[1] == "refused"


def test_a_job_that_outlives_its_line_and_its_shell_still_belongs_to_it(desk: Desk):
    shell = desk.shell()
    desk.acts(1, allowed=True)
    job = desk.kernel.fork(shell)  # ( sleep 9; touch x ) &
    desk.run(job, "sleep", "9")
    desk.kernel.orphan(job)
    desk.acts(2)
    assert desk.run(job, "touch", "x")[1] == "allowed"


def test_an_orphan_of_a_terminal_is_asked_about(desk: Desk):
    shell = desk.shell()
    job = desk.kernel.fork(shell)  # { read -t 9; touch x; } &, and the terminal is closed
    desk.kernel.orphan(job)
    assert desk.run(job, "touch", "x")[1] == "refused"
    away = desk.kernel.fork(shell, session=-1)  # forked twice, in a session of its own
    desk.kernel.orphan(away)
    assert desk.become(away, "touch", "x") == "refused"


def test_what_descends_from_nothing_that_is_known_is_asked_about(desk: Desk):
    """Such as the child of a program that began before anybody watched, or was forgotten."""
    assert desk.run(GUARDIAN, "touch", "x", code=b"unknown\0program")[1] == "refused"
    assert desk.asked_about[-1].how == "line"


def test_exec_in_the_shell_itself_is_a_line_of_it(desk: Desk):
    assert desk.become(desk.shell(), "touch", "x") == "refused"


def test_a_shell_inside_an_allowed_line_reads_lines_of_its_own(desk: Desk):
    desk.allow = True
    inner, _ = desk.run(desk.shell(), "bash")
    desk.allow = False
    desk.acts(1)
    assert desk.run(inner, "touch", "x")[1] == "refused"


def test_a_shell_of_a_script_inside_an_allowed_line_belongs_to_it(desk: Desk):
    desk.allow = True
    script, _ = desk.run(desk.shell(), "bash", "/home/user/script")
    desk.allow = False
    desk.acts(1)
    assert desk.run(script, "touch", "x")[1] == "allowed"


def test_a_terminal_that_is_told_what_to_run_is_asked_about_that(desk: Desk):
    terminal, _ = desk.run(GUARDIAN, "xfce4-terminal")
    _, answer = desk.run(terminal, "touch", "x", session=-1, terminal=True)
    assert answer == "refused"
    assert desk.asked_about[0].how == "launcher"


def test_an_editor_that_a_launcher_of_the_system_opens_in_a_terminal_starts_nothing_unasked(
    desk: Desk,
):
    terminal, _ = desk.run(GUARDIAN, "xfce4-terminal")
    vim, answer = desk.run(terminal, "vim", session=-1, terminal=True)
    assert answer == "allowed"
    assert desk.run(vim, "sh", "-c", "touch x")[1] == "refused"


@pytest.mark.parametrize("launcher", ["thunar", "xfdesktop", "xfce4-panel", "exo-open", "gio"])
@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (("mousepad",), "allowed"),
        (("mousepad", "/home/user/a", "/home/user/b"), "allowed"),
        (("app", "--new", "http://x", "--icon", "a"), "allowed"),
        (("exo-open", "--launch", "TerminalEmulator", "touch x"), "allowed"),
        (("mousepad", "--preferences"), "refused"),
        (("touch", "x"), "refused"),
        (("sh", "-c", "touch x"), "refused"),
        (("python3.11", "/home/user/x.py"), "refused"),
        (("/home/user/mousepad",), "refused"),
        (("/tmp/x",), "refused"),
        (("env", "touch", "x"), "refused"),
    ],
)
def test_a_launcher_starts_what_is_installed(desk: Desk, launcher: str, argv, answer: str):
    starter, _ = desk.run(GUARDIAN, launcher)
    assert desk.run(starter, *argv)[1] == answer
    assert len(desk.asked_about) == (answer == "refused")


@pytest.mark.parametrize(
    ("argv", "answer"),
    [
        (("grep", "x"), "allowed"),
        (("/usr/lib/app/helper", "--type=child"), "allowed"),
        (("sh", "/usr/lib/app/start.sh", "/home/user/x"), "allowed"),
        (("sh", "-c", "touch x"), "refused"),
        (("bash",), "refused"),
        (("bash", "x.sh"), "refused"),
        (("bash", "/usr/../home/user/x.sh"), "refused"),
        (("perl", "-e", "x"), "refused"),
        (("/home/user/.local/bin/x",), "refused"),
        (("/dev/shm/x",), "refused"),
        (("/usr/bin/../../home/user/x",), "refused"),
        (("/bin/grep", "x"), "allowed"),
    ],
)
def test_an_application_starts_what_is_of_the_system(desk: Desk, argv, answer: str):
    application, _ = desk.run(GUARDIAN, "editor")
    assert desk.run(application, *argv)[1] == answer


def test_a_file_of_the_home_that_was_allowed_starts_what_it_needs(desk: Desk):
    desk.allow = True
    thunar, _ = desk.run(GUARDIAN, "thunar")
    game, _ = desk.run(thunar, "/home/user/game")
    assert desk.asked_about[0].how == "file"
    desk.allow = False
    assert desk.run(game, "sh", "-c", "x")[1] == "allowed"


def test_a_tool_covers_what_it_starts_and_an_application_does_not(desk: Desk):
    desk.watch.expect(("bash", "-c", "x"), True)
    desk.watch.expect(("thunar",), False)
    thunar, _ = desk.run(GUARDIAN, "thunar")
    tool, _ = desk.run(GUARDIAN, "bash", "-c", "x")
    assert desk.run(tool, "/home/user/x")[1] == "allowed"
    assert desk.run(thunar, "/home/user/x")[1] == "refused"


def test_another_process_of_the_same_number_has_no_yes(desk: Desk):
    """Numbers come again; what was allowed was a process, not its number."""
    shell = desk.shell()
    desk.acts(1, allowed=True)
    make, answer = desk.run(shell, "make")
    assert answer == "allowed"
    desk.acts(2)
    desk.kernel.reuse(make, desk.shell())
    assert desk.run(make, "touch", "x")[1] == "refused"


def test_a_search_along_the_path_is_no_start(desk: Desk):
    shell = desk.shell()
    desk.kernel.missing.add("/usr/local/bin/touch")
    child = desk.kernel.fork(shell)
    assert desk.become(child, "touch", path="/usr/local/bin/touch") == "allowed"
    assert desk.asked_about == []
    assert desk.become(child, "touch") == "refused"


def test_while_the_person_has_the_mouse_starts_are_told_and_not_asked_about(desk: Desk):
    shell = desk.shell()
    desk.watch.hands = Hands(person=True)
    assert desk.run(shell, "touch", "x")[1] == "allowed"
    assert desk.begun[-1].how == "person"
    desk.watch.hands = Hands(1, 1)
    assert desk.run(shell, "touch", "x")[1] == "refused"


def test_a_question_is_withdrawn_when_what_waits_is_killed(desk: Desk):
    desk.allow = None
    notice = desk.kernel.starts(desk.kernel.fork(desk.shell()), "touch")
    assert desk.told.wait(20)
    gone = threading.Event()
    desk.open[0].on_gone = gone.set
    desk.kernel.end(notice)
    assert gone.wait(20)
    assert desk.open[0].gone.is_set()


def test_a_question_that_nobody_asks_is_refused_in_the_end(desk: Desk):
    desk.allow = None
    notice = desk.kernel.starts(desk.kernel.fork(desk.shell()), "touch")
    assert desk.told.wait(20)
    desk.open[0].until = 0.0
    assert desk.kernel.answer(notice) == "refused"


def test_what_cannot_be_looked_at_is_refused_and_the_rest_goes_on(desk: Desk):
    shell = desk.shell()
    desk.kernel.unreadable = True
    assert desk.run(shell, "touch")[1] == "refused"
    desk.kernel.unreadable = False
    assert desk.run(GUARDIAN, "mousepad")[1] == "allowed"


def test_a_watch_that_ends_lets_go_of_the_kernel_and_says_so(desk: Desk):
    desk.kernel.fail()
    assert desk.kernel.closed.wait(20)
    assert desk.told.wait(20)
    assert "the kernel went away" in desk.lost[0]


def test_a_watch_that_is_closed_says_nothing(desk: Desk):
    desk.watch.close()
    assert desk.kernel.closed.is_set()
    assert desk.lost == []


def test_without_a_listener_everything_starts(desk: Desk):
    desk.watch.listener = None
    assert desk.run(desk.shell(), "touch")[1] == "allowed"


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (("curl", "-H", "Authorization: Bearer abc.def"), "curl -H 'Authorization: •••'"),
        (("mysql", "--password=hunter2"), "mysql '--password=•••'"),
        (("x", "--api-key", "1234"), "x --api-key '•••'"),
        (("git", "clone", "https://me:secret@host/x"), "git clone 'https://•••@host/x'"),
        (("env", "AWS_SECRET_ACCESS_KEY=abc", "x"), "env 'AWS_SECRET_ACCESS_KEY=•••' x"),
        (("x", "sk-ant-REDACTED"), "x '•••'"),
        (("cat", "keyboard=layout", "tokens"), "cat keyboard=layout tokens"),
    ],
)
def test_secrets_of_a_command_line_are_left_out(desk: Desk, argv, line: str):
    desk.run(desk.shell(), *argv)
    assert desk.asked_about[0].line == line


def test_a_long_command_line_is_cut(desk: Desk):
    desk.run(desk.shell(), "echo", "x" * 5000)
    assert len(desk.asked_about[0].line) == 301


@pytest.mark.parametrize(
    ("machine", "architecture", "number", "reported"),
    [
        ("x86_64", 0xC000003E, 59, True),
        ("x86_64", 0xC000003E, 322, True),
        ("x86_64", 0xC000003E, 0x40000208, True),
        ("x86_64", 0xC000003E, 57, False),
        ("x86_64", 0x40000003, 11, True),
        ("x86_64", 0x40000003, 59, False),
        ("aarch64", 0xC00000B7, 221, True),
        ("aarch64", 0xC00000B7, 281, True),
        ("aarch64", 0xC00000B7, 11, False),
        ("aarch64", 0x40000028, 387, True),
        ("aarch64", 0xC000003E, 59, None),
    ],
)
def test_the_filter_reports_starts_alone(machine: str, architecture: int, number: int, reported):
    answer = answer_of(guardian.starts_filter(machine), architecture, number)
    expected = {True: 0x7FC00000, False: 0x7FFF0000, None: 0x50026}
    assert answer == expected[reported]
