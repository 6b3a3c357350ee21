"""``script/live-check``: silent without keys, and its Claude checks work where rules hold."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.testing.messages_script import Incoming, Reply, browse, call, says, thinking
from agent.testing.messages_server import MessagesServer
from agent.testing.other_servers import OtherServer

SCRIPT = Path(__file__).parents[2] / "script" / "live-check"
KEY = "sk-ant-live-0123456789"


def behave(incoming: Incoming) -> Reply:
    """A model that does what the checks ask of it."""
    last = incoming.body["messages"][-1]["content"]
    words = " ".join(block.get("text", "") for block in last)
    if any(block["type"] == "tool_result" for block in last):
        return says("Done.")
    if "In one go" in words:
        return says(
            thinking("I click and type."),
            "I start.",
            call("left_click", coordinate=[100, 100]),
            call("type", text="hello"),
            call("bash", command="date"),
        )
    if "screenshot" in words:
        return says(call("screenshot"))
    if "your memory directory" in words:
        return says(call("memory", command="view", path="/memories"))
    if "With your browser" in words:
        return says(browse("navigate", url="about:blank"))
    return says(thinking(""), "Once there was a word. It grew. It ended.")


async def run(*arguments: str, **variables: str) -> tuple[int, str]:
    names = (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        "HUME_API_KEY",
        "HUME_SECRET_KEY",
        "SAYSO_MODEL",
    )
    clean = {name: value for name, value in os.environ.items() if name not in names}
    process = await asyncio.create_subprocess_exec(
        str(SCRIPT),
        *arguments,
        env={**clean, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_without_keys_it_says_what_it_needs() -> None:
    """Exit 2, and the names of the variables."""
    code, output = await run()
    assert code == 2
    assert "ANTHROPIC_API_KEY" in output
    assert "HUME_API_KEY" in output


async def test_the_machine_is_checked_without_a_key() -> None:
    """Where its user has no systemd that makes scopes, that is said; nothing counts as passed."""
    code, output = await run("--only", "machine-scope", XDG_RUNTIME_DIR="/nonexistent")
    assert code == 2
    assert "skip  machine-scope" in output
    assert output.splitlines()[-1].startswith("0 passed, 0 failed, 1 skipped;")


async def test_every_claude_check_passes_where_the_rules_hold() -> None:
    """Against the faithful server all pass, for less than the budget; no key is shown."""
    async with MessagesServer(behave, key=KEY) as server:
        code, output = await run(ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=server.base_url)
    verdicts = [line.split()[0] for line in output.splitlines()[:-1]]
    assert set(verdicts) == {"pass"}, output
    assert len(verdicts) >= 23
    assert code == 0
    assert KEY not in output


@pytest.fixture(scope="module")
def names() -> list[str]:
    """The checks of another server."""
    listed = subprocess.run([SCRIPT, "--list"], check=True, capture_output=True, text=True).stdout
    names = [name for name in listed.split() if name.startswith("server-")]
    assert len(names) == 8
    return names


def obey(incoming: Incoming) -> Reply:
    """A foreign model that does what its server's checks ask of it."""
    words = str(incoming.body["messages"][-1]["content"])
    if "Which colour" in words:
        return says("Navy.")
    if "17 times 23" in words:
        claude = any("toolset" in str(tool) for tool in incoming.body.get("tools", ()))
        return says("391") if claude else says("<think>17 times 23</think>391")
    if "Click at" not in words:
        return behave(incoming)
    if incoming.body.get("tools"):
        return says(call("left_click", coordinate=[100, 100]))
    return says('{"name": "left_click", "arguments": {"coordinate": [100, 100]}}')


@pytest.mark.parametrize(
    ("kind", "behind"),
    [("vllm", ""), ("llama.cpp", ""), ("ollama", ""), ("litellm", "anthropic/claude-opus-4-8")],
)
async def test_every_check_of_another_server_passes_on_its_imitation(
    kind: str, behind: str, names: list[str]
):
    only = [word for name in names for word in ("--only", name)]
    async with OtherServer(kind, obey, key=KEY, behind=behind) as server:  # type: ignore[arg-type]
        code, output = await run(
            *only, SAYSO_MODEL="qwen3-vl", ANTHROPIC_BASE_URL=server.base_url, ANTHROPIC_API_KEY=KEY
        )
    assert not [line for line in output.splitlines() if line.startswith("fail")], output
    assert code == 0
    assert KEY not in output


CLOUD = ("--only", "cloud-call", "--only", "cloud-picture", "--only", "cloud-options")


async def in_a_cloud(server: MessagesServer) -> tuple[int, str]:
    """The checks of Claude's platform on AWS, of which a local server plays the part."""
    return await run(
        *CLOUD,
        SAYSO_MODEL="aws:claude-opus-5-5",
        AWS_REGION="eu-central-1",
        ANTHROPIC_AWS_WORKSPACE_ID="wrkspc_1",
        ANTHROPIC_AWS_API_KEY=KEY,
        ANTHROPIC_AWS_BASE_URL=server.base_url,
    )


async def test_the_checks_of_a_cloud_pass_where_the_rules_hold() -> None:
    async with MessagesServer(behave, key=KEY) as server:
        code, output = await in_a_cloud(server)
    assert [line.split()[0] for line in output.splitlines()[:-1]] == ["pass"] * 3, output
    assert code == 0
    assert KEY not in output


async def test_what_a_cloud_does_not_take_fails_its_check() -> None:
    async with MessagesServer(lambda _: says("I will not."), key=KEY) as server:
        code, output = await in_a_cloud(server)
    assert "fail  cloud-call" in output
    assert code == 1


@pytest.mark.parametrize(
    ("only", "reply"),
    [
        ("toolset-and-batch", says("I will not.")),
        ("progress-updates", says(call("screenshot"))),
        ("cut-in-text", says("x", stop_reason="refusal")),
    ],
)
async def test_a_check_that_fails_says_so(only: str, reply: Reply) -> None:
    """Exit 1: a service that behaves otherwise is noticed."""
    async with MessagesServer(lambda incoming: reply, key=KEY) as server:
        code, output = await run(
            "--only", only, ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=server.base_url
        )
    assert code == 1
    assert output.startswith("fail")


async def test_the_budget_is_a_limit() -> None:
    """What may cost more than is left is skipped."""
    async with MessagesServer(behave, key=KEY) as server:
        code, output = await run(
            "--budget", "0", ANTHROPIC_API_KEY=KEY, ANTHROPIC_BASE_URL=server.base_url
        )
    skipped = [line for line in output.splitlines() if line.startswith("skip")]
    assert len(skipped) >= 9
    assert code == 0


@pytest.mark.speech
async def test_the_evi_checks_run_against_the_offline_server() -> None:
    """The same questions, asked of the server that speaks EVI's protocol."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "dashboard.voice.offline", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    url = (await server.stdout.readline()).decode().strip()
    names = ["token", "bad-token", "audio-format", "errors", "mirror", "control-plane"]
    only = [word for name in names for word in ("--only", f"evi-{name}")]
    keys = {"HUME_API_KEY": "offline", "HUME_SECRET_KEY": "offline"}
    code, output = await run(*only, HUME_BASE_URL=url, **keys)
    server.terminate()
    await server.communicate()
    assert code == 0, output
    assert output.count("pass  ") == len(names) + 2
