"""``python -m agent`` with the real SDK against a served fault: its words and exit codes."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from agent.__main__ import main
from agent.record.journal import list_sessions, read_journal, session_folder
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, FakeTool

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
    """Runs the command with an address and a model; returns exit code, output and errors."""
    monkeypatch.setenv("SAYSO_DATA_DIR", str(tmp_path / "data"))
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "SAYSO_DIALECT", "SAYSO_MODEL"):
        monkeypatch.delenv(name, raising=False)

    def run(model: str, *options: str, **environment: str) -> tuple[int, str, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with Path(os.devnull).open() as nothing:
            words = ["Say hello", "--model", model, *options]
            code = main(words, session_class=FakeDesk, lines=nothing)
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert KEY not in out + err
        return code, out, err

    return run


def toolset(address: str, key: str = KEY) -> dict[str, str]:
    return {
        "ANTHROPIC_BASE_URL": address,
        "ANTHROPIC_API_KEY": key,
        "SAYSO_DIALECT": "toolset",
    }


def test_a_whole_task_ends_well(run, served):
    code, out, _ = run("claude-opus-5-5", **toolset(served("--key", KEY)))
    assert (code, out) == (0, "· desktop starting\n· desktop ready\nDone.\n✓ answered\n")


def nothing_begun(tmp_path: Path, told: tuple[int, str, str]) -> str:
    """What is said of a model that cannot be used: before the desktop, and no session is left."""
    code, out, error = told
    assert (code, out) == (8, "")
    assert list_sessions(tmp_path / "data") == []
    return error


def test_a_wrong_key_is_told(run, served, tmp_path):
    told = run("claude-opus-5-5", **toolset(served("--key", "another"), KEY))
    said = "does not accept the key. Put a valid one into ANTHROPIC_API_KEY."
    assert said in nothing_begun(tmp_path, told)


@pytest.mark.parametrize("model", ["claude-opus-5-5", "gpt-nine"])
def test_a_missing_key_is_told(run, tmp_path, model):
    said = "There is no Anthropic key. Put one into ANTHROPIC_API_KEY"
    assert said in nothing_begun(tmp_path, run(model))


def test_what_cannot_be_a_key_is_told(run, tmp_path):
    told = run("claude-opus-5-5", ANTHROPIC_API_KEY="two words")
    assert "ANTHROPIC_API_KEY holds cannot be a key" in nothing_begun(tmp_path, told)


def test_what_is_no_address_is_told(run, tmp_path):
    told = run("llava", ANTHROPIC_BASE_URL="localhost:8000")
    assert "ANTHROPIC_BASE_URL holds is not an address" in nothing_begun(tmp_path, told)


def test_an_unknown_model_is_told(run, served, tmp_path):
    error = nothing_begun(tmp_path, run("gpt-nine", **toolset(served())))
    assert "does not know the model gpt-nine. Check the model's name" in error


@pytest.mark.parametrize("provider", ["openai", "ollama", "litellm", "azure-openai"])
def test_a_provider_that_there_is_not_is_told_with_the_way_to_reach_it(run, tmp_path, provider):
    error = nothing_begun(tmp_path, run(f"{provider}:some-model", ANTHROPIC_API_KEY=KEY))
    assert "ANTHROPIC_BASE_URL" in error
    assert ("LiteLLM" if provider == "litellm" else provider) in error


def test_litellm_is_reached_as_a_server(run, served, tmp_path):
    """Which, where it is not installed, is said as well."""
    installed = importlib.util.find_spec("litellm") is not None
    error = nothing_begun(tmp_path, run("litellm:gpt-5", ANTHROPIC_BASE_URL=served()))
    assert ("is not installed here" in error) is not installed


@pytest.mark.parametrize("model", ["claude-opus-5-5", "llava"])
def test_an_address_where_nobody_listens_is_told(run, tmp_path, model):
    nobody = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "ANTHROPIC_API_KEY": KEY}
    error = nothing_begun(tmp_path, run(model, **nobody))
    assert "http://127.0.0.1:9 cannot be reached. Check the network" in error


def test_a_cloud_without_its_package_or_region_is_told(run, tmp_path):
    error = nothing_begun(tmp_path, run("bedrock:anthropic.claude-opus-4-8"))
    assert "Bedrock cannot be used: set AWS_REGION" in error


def test_a_cloud_without_credentials_is_told(run, tmp_path):
    """Also where the region is known: a request is signed before a desktop starts."""
    given = {"CLOUD_ML_REGION": "global", "ANTHROPIC_VERTEX_PROJECT_ID": "p"}
    error = nothing_begun(tmp_path, run("vertex:claude-opus-5-5", NO_GCE_CHECK="true", **given))
    assert "Google Cloud cannot be used: set CLOUD_ML_REGION" in error
    assert "sayso[clouds]" in error


def test_a_resumed_session_is_left_as_it_was(run, tmp_path):
    run("offline")
    (session_id,) = list_sessions(tmp_path / "data")
    journal = session_folder(tmp_path / "data", session_id) / "events.db"
    before = read_journal(journal).events
    code, out, error = run("claude-opus-5-5", "--resume", session_id)
    assert (code, out) == (8, "")
    assert "There is no Anthropic key" in error
    assert read_journal(journal).events == before


def test_a_model_that_cannot_see_is_told(run, served):
    address = served("--dialect", "portable", "--blind")
    code, out, _ = run("llava", ANTHROPIC_BASE_URL=address)
    assert code == 1
    assert "llava cannot see images, so it cannot use a desktop. Choose one with vision" in out


def test_a_cassette_of_another_version_is_told(run, tmp_path):
    (tmp_path / "old.jsonl").write_text('{"cassette": 99}\n')
    error = nothing_begun(tmp_path, run(f"cassette:{tmp_path / 'old.jsonl'}"))
    assert "was recorded in format 99; this Sayso reads format 2. Record it again." in error


def test_a_recording_that_is_there_already_is_told(run, tmp_path):
    (tmp_path / "run.jsonl").write_text("{}")
    error = nothing_begun(tmp_path, run(f"record:{tmp_path / 'run.jsonl'}"))
    assert "Record to another path" in error
