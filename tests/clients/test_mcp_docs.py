"""The examples and tables of docs/mcp.md, as they stand."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, ScriptedModel, call, done, says

Make = Callable[..., Any]
ROOT = Path(__file__).parents[2]
FAKES = Path(__file__).with_name("serve_on_fakes.py")
TEXT = (ROOT / "docs" / "mcp.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", TEXT, re.DOTALL))
pytest.importorskip("mcp.client", reason="the extra sayso[mcp] is not installed")


def written(folder: Path, name: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(EXAMPLES[name], encoding="utf-8")
    return path


def environment(folder: Path) -> dict[str, str]:
    """Where ``sayso`` is this checkout's."""
    command = folder / "bin" / "sayso"
    command.parent.mkdir()
    paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    command.write_text(
        f'#!/bin/sh\nPYTHONPATH="{paths}" SAYSO_DATA_DIR="{folder}/data" '
        f'exec "{sys.executable}" -m sayso "$@"\n'
    )
    command.chmod(0o755)
    path = os.pathsep.join([str(command.parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": paths}


async def output(*command: str, env: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=asyncio.subprocess.PIPE, env=env
    )
    async with asyncio.timeout(100):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@pytest.mark.desktop
async def test_the_example_of_a_client_gives_a_desktop_a_task(tmp_path: Path) -> None:
    example = written(tmp_path, "client")
    said = await output(str(example), env=environment(tmp_path))
    assert said.splitlines()[0] == "done"
    assert "Type “hello world”" in said


async def test_the_example_over_http_reads_how_the_session_stands(tmp_path: Path) -> None:
    env = environment(tmp_path)
    served = await asyncio.create_subprocess_exec(
        *(sys.executable, str(FAKES), str(tmp_path), "--port", "0"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=env,
    )
    assert served.stdout is not None
    try:
        line = (await asyncio.wait_for(served.stdout.readline(), 60)).decode()
        address = re.search(r"http\S+", line)
        assert address
        key = str(tmp_path / "mcp.key")
        said = await output(str(written(tmp_path, "over_http")), address[0], key, env=env)
    finally:
        served.kill()
        await served.communicate()
    assert "state" in json.loads(said)


async def test_the_example_of_a_server_serves_the_agent(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment(tmp_path)["PYTHONPATH"])
    (line,) = re.findall(r"sayso run (--mcp .*)", TEXT)
    _, named, *_ = shlex.split(line)
    command = named.replace("python ", f"$PYTHONPATH {sys.executable} ")
    command = command.replace("shopping.py", str(written(tmp_path, "shopping")))
    changes = {"mcp_servers": (command,), "allow": ("other tool",)}
    script = [*call("mcp_shopping_buy", toolset=None, thing="milk"), *done("tool_use")]
    session = Session.create(
        settings.model_copy(update=changes),
        desktop=FakeDesktop(),
        model=ScriptedModel([script, [*says("It is on the list."), *done()]]),
    )
    await session.open()
    try:
        session.say("Put milk on my shopping list.")
        await session.wait_idle(60)
        (bought,) = session.log.of(ev.ActionFinished)
    finally:
        await session.close()
    assert bought.text.endswith("On the list: milk.")


async def test_the_tables_are_what_is_served(make: Make, client_of: Make) -> None:
    session = await make([])
    async with client_of(session) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        resources = {str(each.uri) for each in (await client.list_resources()).resources}
    tables = TEXT.split("### Over HTTP")[0].splitlines()
    rows = [line.split(" | ")[0] for line in tables if line.startswith("| `")]
    assert tools | resources == {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_what_programs_are_told_starts_the_server() -> None:
    from agent.cli.mcp import _parser

    (block,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    told = json.loads(block)["mcpServers"]["sayso"]
    verb, *options = told["args"]
    assert (told["command"], verb) == ("sayso", "mcp")
    assert _parser().parse_args(options).port is None


def test_servers_are_named_in_the_environment_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from agent.settings import read_settings

    (value,) = re.findall(r"SAYSO_MCP_SERVERS='([^']+)'", TEXT)
    monkeypatch.setenv("SAYSO_MCP_SERVERS", value)
    assert read_settings(_env_file=None).mcp_servers == tuple(json.loads(value))
