"""``python -m agent``: what it prints, asks, and returns."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
from pathlib import Path
from typing import Any, ClassVar, Self, TextIO

import pytest

import agent
from agent.__main__ import main
from agent.cli.exit_codes import Exit, exit_of
from agent.models.base import TurnDone
from agent.record.events import (
    ActionFinished,
    ApprovalAsked,
    ApprovalDecided,
    TaskFinished,
    TaskStarted,
    load_event,
)
from agent.record.measure import CARD, listed
from agent.session.ending import ending_of
from agent.session.home import SessionHome
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, call, done, hang, says
from agent.tools.base import ToolCall, ToolResult


class FakeSession(Session):
    """A session whose desktop and model are fakes."""

    scripts: ClassVar[list[Any]] = []
    tool: ClassVar[FakeTool]

    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        parts = {
            **parts,
            "desktop": FakeDesktop(),
            "model": ScriptedModel(cls.scripts),
            "tools": (cls.tool,),
        }
        return super()._on_disk(settings, session_id, parts)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path))

    def run(
        scripts: list[Any],
        *arguments: str,
        tool: FakeTool | None = None,
        typed: TextIO | None = None,
        out: TextIO | None = None,
    ) -> int:
        FakeSession.scripts = scripts
        FakeSession.tool = tool or FakeTool()
        lines = typed or nothing
        return main(list(arguments), session_class=FakeSession, lines=lines, out=out)

    with Path(os.devnull).open() as nothing:
        yield run


def shell() -> FakeTool:
    return FakeTool(harmless=False, name="shell", members=("bash",), toolset=None)


async def fails(call: ToolCall) -> ToolResult:
    return ToolResult("It does not work.", is_error=True)


def listing() -> list[Any]:
    ask = call("bash", toolset=None, command="ls")
    return [[*ask, *done("tool_use")], [*says("That was all."), *done()]]


def test_it_says_what_happens_and_ends_well(run, capsys):
    assert (
        run([[*says("I click."), *call(), *done("tool_use")], [*says("Done."), *done()]], "Go") == 0
    )
    printed = capsys.readouterr()
    assert "I click." in printed.out
    assert "→ left_click()" in printed.out
    assert printed.out.endswith("Done.\n✓ done\n")
    assert printed.err.startswith("Session ")


def test_json_is_one_event_a_line_and_nothing_else(run, capsys):
    run([[*says("Done."), *done()]], "Go", "--json")
    events = [load_event(line) for line in capsys.readouterr().out.splitlines()]
    assert [event.seq for event in events] == list(range(len(events)))
    assert events[-1].kind == "session_closed"


def test_the_exit_code_tells_the_outcome(run, capsys):
    assert run([[*says("Done."), *done()]], "Go") == 0
    assert run([[RuntimeError("x")]], "Go") == 1
    spend = [[*call(x=i), *done("tool_use", dollars=1.0)] for i in range(3)]
    assert run(spend, "Go", "--budget", "1") == 3
    assert run([[*says("No."), *done("refusal")]], "Go") == 4
    assert run([[*says("I could not."), TurnDone("end_turn", achieved=False)]], "Go") == 5
    clicks = [[*call(), *done("tool_use")], [*says("It failed."), *done()]]
    assert run(clicks, "Go", tool=FakeTool(fails)) == 5
    unclear = TurnDone("end_turn", achieved=False, understood=False)
    assert run([[*says("What?"), unclear]], "Go") == 6
    assert capsys.readouterr().out.endswith("What?\n✗ not understood\n")


def test_a_journal_that_goes_away_ends_the_work_and_is_told_once(run, tmp_path, capsys):
    async def moves_it_away(call: ToolCall) -> ToolResult:
        (tmp_path / "sessions").rename(tmp_path / "elsewhere")
        return ToolResult("ok")

    assert (
        run([[*says("I click."), *call(), *done("tool_use")]], "Go", tool=FakeTool(moves_it_away))
        == 1
    )
    told = capsys.readouterr().err
    assert told.count("was moved or deleted. Put it back") == 1


def test_every_exit_code_is_told_by_help_and_in_the_readme(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run([], "--help")
    assert ended.value.code == 0
    told = capsys.readouterr().out
    readme = (Path(agent.__file__).parents[1] / "README.md").read_text("utf-8")
    for code in Exit:
        assert f"  {int(code):>3}  {code.meaning}\n" in told
        assert f"| {int(code)} | {code.meaning} |" in readme


@pytest.mark.parametrize("phrase", ["timeout", "rule"])
def test_what_nobody_or_a_rule_allowed_is_denied(run, phrase: str):
    """So is what nobody answered in time, and what a rule forbids without a question."""
    finished = TaskFinished(task_id="t", outcome="ended", seq=9)
    asked = {"question": "?", "phrase": "yes", "action_hash": "h"}
    events: list[Any] = [TaskStarted(task_id="t", text="Go")]
    if phrase == "timeout":
        events.append(ApprovalAsked(approval_id="p", action_id="a", **asked))
        events.append(ApprovalDecided(approval_id="p", decision="timeout"))
    else:
        decided = {"decision": "deny", "channel": "rule"}
        events.append(ApprovalDecided(approval_id="p", action_id="a", **decided))
    events.append(ActionFinished(action_id="a", text="no", is_error=True, ran=False))
    ending = ending_of(events)
    assert exit_of(finished, ending.word(finished)) is Exit.DENIED
    ending.add(ActionFinished(action_id="b", text="x", is_error=True))
    assert exit_of(finished, ending.word(finished)) is Exit.NOT_DONE


def test_the_version_is_told(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run([], "--version")
    assert ended.value.code == 0
    assert re.fullmatch(r"sayso \S.*, Python 3\.\d+\.\d+\n", capsys.readouterr().out)


def test_without_a_terminal_a_question_is_a_no_in_clear_words(run, capsys):
    tool = shell()
    assert run(listing(), "Go", tool=tool) == 7
    assert not tool.began
    assert "denied. Allow with --yes-to “shell”" in capsys.readouterr().err


def test_a_rule_can_be_answered_beforehand(run):
    tool = shell()
    assert run(listing(), "Go", "--yes-to", "shell", tool=tool) == 0
    assert len(tool.ran) == 1


@pytest.mark.parametrize(("typed", "ran"), [("yes, run it\n", 1), ("no\n", 0), ("yes but\n", 0)])
def test_at_a_terminal_the_person_is_asked(run, typed: str, ran: int):
    ours, theirs = pty.openpty()
    tool = shell()

    async def answers() -> None:
        os.write(ours, typed.encode())

    ask = call("bash", toolset=None, command="ls")
    scripts = [[*ask, answers, *done("tool_use")], [*says("That was all."), *done()]]
    with os.fdopen(theirs) as terminal:
        assert run(scripts, "Go", tool=tool, typed=terminal) == (0 if ran else 7)
    assert len(tool.ran) == ran
    os.close(ours)


def test_at_the_end_of_the_input_what_is_asked_is_answered_no(run, capsys):
    """Ctrl-D: nobody will answer this question any more, nor any later one."""
    ours, theirs = pty.openpty()

    async def leaves() -> None:
        os.write(ours, b"\x04")

    spend = [[leaves, *call(x=i), *done("tool_use", dollars=1.0)] for i in range(3)]
    with os.fdopen(theirs) as terminal:
        assert run(spend, "Go", "--budget", "1", typed=terminal) == 3
    assert "answered no" in capsys.readouterr().err
    os.close(ours)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_output_that_cannot_be_written_stops_the_agent(run, capsys, options):
    """The disk is full, or the reader of the pipe has gone."""
    tool = FakeTool()
    scripts = [[*says("I click."), *call(), hang], [*says("Done."), *done()]]
    with Path("/dev/full").open("w") as full:
        assert run(scripts, "Go", *options, tool=tool, out=full) == 1
    error = capsys.readouterr().err
    assert "sayso: the output cannot be written (No space left on device): stopped." in error
    assert "Traceback" not in error
    assert not tool.ran


def test_half_a_sign_from_a_terminal_is_no_trouble(run, capsys):
    assert run([[*says("Done."), *done()]], "Go \udcff", "--json") == 0
    assert '"text":"Go ?"' in capsys.readouterr().out


def test_ctrl_c_stops(run, capsys):
    async def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await hang()

    assert run([[*says("I"), interrupt]], "Go") == 130
    assert "■ Stopped: Ctrl-C." in capsys.readouterr().out


def test_a_session_can_be_listed_resumed_exported_and_taken_in(run, capsys, tmp_path, monkeypatch):
    run([[*says("One."), *done()]], "Go")
    capsys.readouterr()
    run([], "--list")
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["SESSION", "LAST", "USED", "STATE", "SIZE", "FILES", "OWNER", "NAME"]
    session_id = row.split()[0]
    assert [head.index(word) for word in ("STATE", "NAME")] == [
        row.index(word) for word in ("ended", "Go")
    ]
    run([], "--list", "--json")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["id"], told["state"], told["name"]) == (session_id, "ended", "Go")
    assert told["bytes"] > 0
    assert run([[*says("Two."), *done()]], "On", "--resume", session_id) == 0
    assert run([], "--export", session_id, str(tmp_path / "out")) == 0
    assert json.loads((tmp_path / "out" / "session.json").read_text())["session_id"] == session_id
    home = tmp_path / "sessions" / session_id / "home"
    home.mkdir(exist_ok=True)
    (home / "letter.txt").write_text("mine")
    for flags, goes in (((), True), (("--without-files",), False)):
        assert run([], "--export", session_id, str(tmp_path / f"out {goes}"), *flags) == 0
        assert (tmp_path / f"out {goes}" / "home").exists() is goes
    (home / ".program").mkdir()
    (home / ".program" / "state").write_text("its own")
    (home / "link").symlink_to("/etc/passwd")
    capsys.readouterr()
    state = ("--with-state", ".program")
    assert run([], "--export", session_id, str(tmp_path / "with state"), *state) == 0
    assert "Not in it: link: a link, which is not followed." in capsys.readouterr().out
    carried = tmp_path / "with state" / "home" / ".program" / "state"
    assert carried.read_text() == "its own"
    assert not (tmp_path / "out True" / "home" / ".program").exists()
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run([], "--import", str(tmp_path / "out")) == 0
    assert session_id in capsys.readouterr().out
    assert run([], "--import", str(tmp_path / "out")) == 2
    assert "import it under another id" in capsys.readouterr().err
    assert run([], "--import", str(tmp_path / "out"), "again") == 0
    assert "Imported as again." in capsys.readouterr().out


class HomedSession(FakeSession):
    """One that has a home, as sessions on real desktops have."""

    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        session = super()._on_disk(settings, session_id, parts)
        session._home = SessionHome(session.journal.folder, settings.home, session.log)
        return session


def test_it_works_in_a_folder_of_the_persons_and_says_where_the_files_are(
    run, capsys, tmp_path, monkeypatch
):
    work = tmp_path / "work"
    work.mkdir()
    (work / "plan.txt").write_text("mine")
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "data"))
    FakeSession.scripts, FakeSession.tool = [[*says("One."), *done()]], FakeTool()
    with Path(os.devnull).open() as nothing:
        given = ["Go", "--home", str(work)]
        assert main(given, session_class=HomedSession, lines=nothing) == 0
    assert capsys.readouterr().err.splitlines()[-1] == f"1 file in {work}"


def test_the_list_says_whose_each_session_is(run, tmp_path, monkeypatch):
    """A name that signed in, a browser without one, or nobody's page; a damaged card is none."""
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path))
    for _ in range(4):
        run([[*says("One."), *done()]], "Go")
    cards = ('{"owner": "1", "person": "anna\\u0007b"}', '{"owner": "2"}', "{", None)
    folders = sorted((tmp_path / "sessions").iterdir())
    for folder, card in zip(folders, cards, strict=True):
        if card is not None:
            (folder / CARD).write_text(card)
    head, *rows = listed(tmp_path).splitlines()
    at = head.index("OWNER")
    told = {row.split()[0]: row[at:].split("  ")[0] for row in rows}
    assert [told[folder.name] for folder in folders] == ["anna?b", "a browser", "-", "-"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Go", "--prompt", "nowhere"), "There is no prompt"),
        (("Go", "--resume", "x", "--prompt", "default"), "keeps its prompt"),
        (("Go", "--resume", "none"), "There is no session"),
        (("Go", "--yes-to", "everything"), "There is no rule"),
    ],
)
def test_wrong_use_is_one_sentence(run, capsys, arguments: tuple[str, ...], told: str):
    assert run([], *arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error
    run([], "--list")
    assert capsys.readouterr().out == "There are no sessions yet.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("  ",),
        ("--resume", "x"),
        *(("Go", "--budget", dollars) for dollars in ("0", "-3", "nan", "inf", "much")),
        *(("Go", "--timeout", seconds) for seconds in ("0", "-1", "nan", "inf", "soon")),
    ],
)
def test_wrong_use_starts_no_desktop(run, capsys, arguments: tuple[str, ...]):
    with pytest.raises(SystemExit) as ended:
        run([], *arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "usage: sayso run" in printed.err
    if "Go" in arguments:
        unit = "dollars" if "--budget" in arguments else "seconds"
        assert f"a number of {unit} greater than 0 is needed" in printed.err


def test_what_is_public_is_there_and_named():
    assert sorted(agent.__all__, key=str.lower) == sorted(set(agent.__all__), key=str.lower)
    assert all(getattr(agent, name) is not None for name in agent.__all__)
    shown = {n for n in vars(agent) if not n.startswith("_")}
    modules = {n for n in shown if type(getattr(agent, n)).__name__ == "module"}
    assert shown - modules - {"annotations"} == set(agent.__all__) - {"events"}
