"""Not a test: plays one rich scenario again and again, killed at each event in turn.

``python kill_at_each_event.py DATA_DIR MODEL EVENTS``, with ``scripted`` or ``offline``, forks a
child for ``each`` event or for the ``first`` of each kind; the child kills itself with SIGKILL
from the listener that is told of it. What a person had seen by then is written to
``DATA_DIR/seen-N``, and what the home held to ``DATA_DIR/home-N``. The last of them is not killed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cut_cases import HomedDesktop, hashes, played

from agent.desktop.base import EncodedImage
from agent.errors import ContextTooLong, StreamBroken
from agent.models.base import Counted, Dictating, Labelled, Learned, Warned
from agent.models.offline import OfflineModel
from agent.record import events as ev
from agent.record.journal import SqliteJournal, session_folder
from agent.session.arrivals import Arrived, bring_in
from agent.session.home import home_folder
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import (
    FakeDesktop,
    FakeTool,
    HastyClock,
    ScriptedModel,
    call,
    done,
    hang,
    says,
    thinks,
)
from agent.tools import build_tools
from agent.tools.base import ToolCall, ToolResult


class EyedTool(FakeTool):
    """Tells what it does while it does it, and shows the screen at a batch's end."""

    closing_note = "The screen changed."

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        output("working")
        return await super().run(call, output)

    async def closing_screenshot(self) -> EncodedImage | None:
        return await FakeDesktop().screenshot()


class WritingTool(EyedTool):
    """Each action makes, changes and removes files, in the middle of which it may hang."""

    home: Path

    async def act(self, call: ToolCall) -> ToolResult:
        with (self.home / "report.txt").open("a") as report:
            report.write(f"{call.id} {call.input}\n")
        new = self.home / "Documents" / f"caf\udce9 {len(self.began)}"
        new.write_bytes(b"\0new" * 1000)
        new.chmod(0o640)
        (self.home / "given.txt").unlink(missing_ok=True)
        if "slow" in call.input:
            await hang()
        return ToolResult("ok")


async def with_files(session: Session) -> None:
    """The person brings a file in, has the last task put back, and undoes that."""
    await session.files.put_back(choose="all")
    await session.files.undo(choose="all")
    await session.files.write("given.txt", "from the person")
    bring_in(session.log.append, [Arrived("given.txt", "/home/user/given.txt", 15)])


async def scenario(session: Session) -> None:
    await session.open()
    session.say("First.")
    log = session.log
    for event in (
        ev.VoiceChanged(state="ready"),
        ev.SettingChanged(name="mode", value="watch"),
        ev.Heard(utterance_id="u", text="First."),
        ev.Understood(utterance_id="u", meaning="task"),
        ev.Measured(lane="recognition", milliseconds=90),
        ev.WindowsSeen(windows=(ev.OpenWindow(program="Mousepad", title="a"),)),
        ev.DesktopRenewed(reason="crashed", files="kept", text="The desktop was restarted."),
        ev.HomeChanged(state="full", text="Your home folder is full."),
        ev.GrantWithdrawn(approval_id="none"),
        ev.ProgramStarted(programs=(ev.StartedProgram(program="/usr/bin/ls", line="ls"),)),
        ev.HostReached(host="example.org", port=443, by="listed"),
        ev.HostRefused(host="nas", port=443, why="local", text="nas is not reached"),
        ev.GateChanged(state="restarted"),
    ):
        log.append(event)
    asked = await log.wait_for(lambda e: e.kind == "approval_asked")
    session.hold("speech")
    session.release("noise")
    session.approve(asked.approval_id, "allow", channel="voice")
    slow = await log.wait_for(lambda e: e.kind == "action_proposed" and "slow" in e.input)
    await log.wait_for(lambda e: e.kind == "action_started", since=slow.seq)
    session.take_control()
    session.return_control("I closed a window.")
    question = await log.wait_for(lambda e: e.kind == "question_asked")
    session.answer(question.question_id, "yes")
    log.append(ev.Narrated(narration_id="n", text="One two three", state="cut", cut_at=1))
    await session.wait_idle()
    await with_files(session)
    session.say("Second.")
    await log.wait_for(lambda e: e.kind == "text_streamed" and e.text.startswith("Never"))
    session.say("No, third.")
    session.say("Fourth.")
    session.reply("I am thinking about the next step, for: Second.")
    session.stop("button")
    await session.close("The end.")


def scripts() -> list[list[object]]:
    risky = call("type", text="ls\n", wm_class="Xfce4-terminal")
    return [
        [
            Counted(ev.Usage(input_tokens=5)),
            Warned("The service remarks: take care."),
            Labelled((ev.ScreenLabel(text="1", box=(1, 2, 30, 40), name="Save"),)),
            Dictating(False),
            Learned("pictures", 2, "The server takes 2 pictures."),
            *thinks("How?"),
            *says("I type.", index=1),
            *risky,
            *call(),
            *done("tool_use", input_tokens=5),
        ],
        [*says("Half"), StreamBroken("The connection was cut.")],
        [ContextTooLong("The conversation is too long.")],
        [*says("Slowly."), *call(slow="1"), *done("tool_use")],
        [*says("Done."), *done()],
        [*says("Never read"), hang],
    ]


async def offline_scenario(session: Session) -> None:
    """The same with the model that needs no key; it is never waited for, nor counted."""
    await session.open()
    log = session.log
    session.say("Scroll down and press escape and run ls")
    asked = await log.wait_for(lambda e: e.kind == "approval_asked")
    session.hold("speech")
    session.release("noise")
    session.approve(asked.approval_id, "allow", channel="voice")
    question = await log.wait_for(lambda e: e.kind == "question_asked")
    session.take_control()
    session.return_control("I closed a window.")
    question = await log.wait_for(lambda e: e.kind == "question_asked", since=question.seq + 1)
    session.answer(question.question_id, "yes")
    session.say("Create a file called report that says hello")
    await session.wait_idle()
    await with_files(session)
    session.say("Type hello")
    await log.wait_for(lambda e: e.kind == "action_proposed" and e.name == "type")
    session.say("No, scroll up")
    session.say("Press F5")
    session.reply("I am scrolling.")
    session.stop("button")
    await session.close("The end.")


def scripted_parts(home: Path) -> dict[str, Any]:
    tool = WritingTool(harmless=False)
    tool.home, tool.behaviour = home, tool.act
    model = ScriptedModel(scripts())
    return {"desktop": HomedDesktop(home=home), "model": model, "tools": (tool,)}


def offline_parts(home: Path) -> dict[str, Any]:
    desktop = HomedDesktop(home=home)
    return {"desktop": desktop, "model": OfflineModel(desktop), "tools": build_tools(desktop)}


PARTS = {"scripted": scripted_parts, "offline": offline_parts}
TURNS = {"scripted": 4, "offline": 3}
"""After so many it is asked whether to go on."""

SCENARIOS = {"scripted": scenario, "offline": offline_scenario}


def session_for(data_dir: Path, name: str, model: str) -> Session:
    settings = Settings(
        _env_file=None,
        data_dir=data_dir,
        max_turns=TURNS[model],
        width=640,
        height=480,
        model="offline",
    )
    journal = SqliteJournal(session_folder(data_dir, name))
    return Session(
        settings, name, journal, clock=HastyClock(), **PARTS[model](home_folder(data_dir, name))
    )


Last = Callable[[ev.Event], bool]
"""Whether an event is the one that a child is killed at."""


def child(data_dir: Path, number: int, model: str, last: Last) -> None:
    session = session_for(data_dir, f"killed-{number:03d}", model)
    seen = os.open(data_dir / f"seen-{number:03d}", os.O_CREAT | os.O_WRONLY, 0o600)

    def told(event: ev.Event) -> None:
        os.write(seen, (ev.dump_event(event) + "\n").encode())
        if last(event):
            keep_hashes()
            os.kill(os.getpid(), signal.SIGKILL)

    def keep_hashes() -> None:
        held = hashes(home_folder(data_dir, session.id))
        (data_dir / f"home-{number:03d}").write_text(json.dumps(held))

    session.log.subscribe(told)
    played(asyncio.wait_for(SCENARIOS[model](session), 60))
    keep_hashes()


def killed(data_dir: Path, number: int, model: str, last: Last) -> bool:
    """Play the scenario in a child; whether it came to the event that it was to be killed at."""
    pid = os.fork()
    if pid == 0:
        child(data_dir, number, model, last)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        sys.exit(f"The scenario failed in child {number}.")
    return os.WIFSIGNALED(status)


def main(data_dir: Path, model: str, events: str) -> None:
    if events == "each":
        numbers = itertools.count()
        while killed(data_dir, n := next(numbers), model, lambda event: event.seq == n):
            pass
        return
    whole = 999
    killed(data_dir, whole, model, lambda event: False)
    lines = (data_dir / f"seen-{whole}").read_text().splitlines()
    kinds = dict.fromkeys(ev.load_event(line).kind for line in lines)
    for number, kind in enumerate(kinds):
        if not killed(data_dir, number, model, lambda event, kind=kind: event.kind == kind):
            sys.exit(f"There was no {kind} the second time.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
