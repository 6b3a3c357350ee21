"""A PDF of scans that a tool reads is given to a model that reads PDFs as it is."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pdfs import pdf, written_pdf

from agent.models.base import Model
from agent.models.claude.dialects import Dialect, ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.messages_script import call, says
from agent.testing.messages_server import MessagesServer
from agent.tools.editor import EditorTool

EDITOR = "str_replace_based_edit_tool"


async def read(tmp_path: Path, data: bytes, dialect: Dialect) -> tuple[list[dict], Session]:
    """What the model is given after it viewed a file, and the closed session."""
    desktop = FakeDesktop(home=tmp_path / "home")
    desktop.home.mkdir()
    (desktop.home / "scan.pdf").write_bytes(data)
    kind = "portable" if isinstance(dialect, PortableDialect) else "anthropic"
    script = [says(call(EDITOR, command="view", path="scan.pdf")), says("Read.")]
    async with MessagesServer(script, dialect=kind) as server:  # type: ignore[arg-type]
        client = new_client(server.key, server.base_url)
        model: Model = AnthropicModel("claude-opus-5-5", dialect, client)
        settings = Settings(_env_file=None, data_dir=tmp_path / "data", model="claude-opus-5-5")
        session = Session.create(
            settings, desktop=desktop, model=model, tools=[EditorTool(desktop)]
        )
        await session.open()
        session.say("Read the scan.")
        await session.wait_idle(30)
        assert server.refusals == []
        content = server.requests[1].body["messages"][-1]["content"]
        await session.close()
    return content, session


async def test_a_scan_is_given_whole(tmp_path: Path) -> None:
    scan = pdf(3)
    (result, *_), session = await read(tmp_path, scan, ToolsetDialect())
    words, document = result["content"]
    assert "has 3 pages. It follows whole:" in words["text"]
    assert document["type"] == "document"
    assert document["title"] == "scan.pdf"
    assert base64.b64decode(document["source"]["data"]) == scan
    (finished,) = session.log.of(ev.ActionFinished)
    assert finished.image is None
    assert [each.sha256 for each in ev.attachments_of(finished)] == [finished.document.sha256]


async def test_one_with_text_is_given_as_text(tmp_path: Path) -> None:
    """It costs a small part of what its pictures would."""
    written = written_pdf("First page of words, enough.", "And a second one here.")
    (result, *_), _ = await read(tmp_path, written, ToolsetDialect())
    (words,) = result["content"]
    assert "First page of words" in words["text"]


@pytest.mark.parametrize("data", [pdf(21), pdf(3, filler=5 << 20)], ids=["long", "heavy"])
async def test_a_long_one_is_shown_by_the_page(tmp_path: Path, data: bytes) -> None:
    (result, *_), session = await read(tmp_path, data, ToolsetDialect())
    assert [part["type"] for part in result["content"]] == ["text", "image"]
    (finished,) = session.log.of(ev.ActionFinished)
    assert finished.document is None


async def test_a_model_that_reads_no_pdf_is_shown_a_page(tmp_path: Path) -> None:
    content, session = await read(tmp_path, pdf(3), PortableDialect())
    assert "document" not in str([part["type"] for part in content])
    (finished,) = session.log.of(ev.ActionFinished)
    assert finished.image is not None
