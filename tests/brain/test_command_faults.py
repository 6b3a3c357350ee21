"""``python -m agent`` with the real SDK against a served fault: its words and exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from agent.__main__ import main
from agent.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool

HANGING = Path(__file__).with_name("command_that_hangs.py")
DONE = '{"replies": [{"blocks": [{"type": "text", "text": "Done."}]}]}'
KEY = "sk-ant-right-0123456789"


class FakeDesk(Session):
    """A session with the model that its settings name, on a desktop in memory."""

    @classmethod
    def _on_disk(cls, settings: Settings, session_id: str, parts: Any) -> Self:
        parts = {**parts, "desktop": FakeDesktop(), "tools": (FakeTool(),)}
        return super()._on_disk(settings, session_id, parts)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts the faithful server as its own program; returns its address."""
    servers: list[subprocess.Popen[str]] = []
    script = tmp_path / "script.json"
    script.write_text(DONE)

    def serve(*options: str) -> str:
        command = [sys.executable, "-m", "agent.testing.messages_server", "--script", str(script)]
        server = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        servers.append(server)
        assert server.stdout is not None
        return server.stdout.readline().strip()

    yield serve
    for server in servers:
        server.kill()
        server.communicate()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command with an address and a model; returns exit code and what was printed."""
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "data"))
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "SAYSO_DIALECT", "SAYSO_MODEL"):
        monkeypatch.delenv(name, raising=False)

    def run(model: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with Path(os.devnull).open() as nothing:
            code = main(["Say hello", "--model", model], session_class=FakeDesk, lines=nothing)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert KEY not in out + err
        return code, out

    return run


def toolset(address: str, key: str = KEY) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": key,
        "SAYSO_DIALECT": "toolset",
    }


def test_a_whole_task_ends_well(run, served):
    assert run("claude-opus-5-5", **toolset(served("--key", KEY))) == (
        0,
        "· desktop starting\n· desktop ready\nDone.\n✓ answered\n",
    )


def test_a_wrong_key_is_told(run, served):
    code, printed = run("claude-opus-5-5", **toolset(served("--key", "another"), KEY))
    assert code == 1
    assert "does not accept the key. Put a valid one into ANTHROPIC_API_KEY." in printed


def test_a_missing_key_is_told(run):
    code, printed = run("claude-opus-5-5")
    assert code == 1
    assert "There is no Anthropic key. Put one into ANTHROPIC_API_KEY" in printed


def test_an_unknown_model_is_told(run, served):
    code, printed = run("gpt-nine", **toolset(served()))
    assert code == 1
    assert "does not know the model gpt-nine. Check the model's name" in printed


def test_an_address_where_nobody_listens_is_told_after_waits_in_sight(run):
    code, printed = run("claude-opus-5-5", **toolset("http://127.0.0.1:9"))
    assert code == 1
    assert printed.count("… The model's service cannot be reached. Trying again in") == 3
    assert "http://127.0.0.1:9 cannot be reached. Check the network" in printed


def test_a_model_that_cannot_see_is_told(run, served):
    address = served("--dialect", "portable", "--blind")
    code, printed = run("llava", ANTHROPIC_BASE_URL=address)
    assert code == 1
    assert "llava cannot see images, so it cannot use a desktop. Choose one with vision" in printed


def test_a_cassette_of_another_version_is_told(run, tmp_path):
    (tmp_path / "old.jsonl").write_text('{"cassette": 99}\n')
    code, printed = run(f"cassette:{tmp_path / 'old.jsonl'}")
    assert code == 1
    assert "was recorded in format 99; this Sayso reads format 2. Record it anew." in printed


def test_a_second_ctrl_c_quits_at_once_even_where_stopping_hangs(tmp_path):
    """The desktop of this program never stops by itself."""
    command = [sys.executable, "-u", str(HANGING), str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        told = iter(program.stdout.readline, "")
        assert any("→ left_click" in line for line in told)
        program.send_signal(signal.SIGINT)
        assert any("■ Stopped: Ctrl-C." in line for line in told)
        assert any("stopping hangs" in line for line in told)
        program.send_signal(signal.SIGINT)
        assert program.wait(30) == 130
        assert "Traceback" not in program.stderr.read()
