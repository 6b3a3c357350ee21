"""``python -m agent mcp`` with a real desktop, driven by the SDK's stdio client."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.desktop


async def test_a_client_types_on_a_desktop_looks_and_stops(tmp_path: Path) -> None:
    pytest.importorskip("mcp.client", reason="the extra sayso[mcp] is not installed")
    from mcp import Client, StdioServerParameters

    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "SAYSO_DATA_DIR": str(tmp_path),
    }
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "agent", "mcp", "--model", "offline"],
        env=environment,
    )
    async with Client(server) as client:
        told = await client.call_tool(
            "instruct", {"text": "Open the text editor and type hello world.", "wait": 100}
        )
        assert told.structured_content["outcome"] == "done", told
        seen = await client.call_tool("observe", {})
        assert any(part.type == "image" for part in seen.content)
        assert "Mousepad" in "".join(p.text for p in seen.content if p.type == "text")
        long = "Type " + "all work and no play " * 400
        told = await client.call_tool("instruct", {"text": long, "wait": 0})
        while told.structured_content["state"] != "acting":
            assert told.structured_content["task"], told
            told = await client.call_tool("wait", {"seconds": 0.05})
        await client.call_tool("stop", {})
        told = await client.call_tool("wait", {"seconds": 20})
        assert told.structured_content["outcome"] == "stopped"
