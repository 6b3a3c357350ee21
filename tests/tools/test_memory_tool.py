"""Notes that outlast a session: within their folder and bounds, and never without the person."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from agent.errors import BadInput
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.record import events as ev
from agent.session.approval import Approvals
from agent.session.parts import tools_for
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.messages_script import call, says
from agent.testing.messages_server import MessagesServer
from agent.tools import memory
from agent.tools.base import ToolCall, intent_of, result_of
from agent.tools.memory import Memory, MemoryTool, Note


@pytest.fixture
def kept(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory")


def asked(**given: Any) -> ToolCall:
    return ToolCall("c1", "memory", given)


async def run(kept: Memory, **given: Any) -> Any:
    return await result_of(MemoryTool(kept), asked(**given), lambda text: None)


async def test_what_is_remembered_is_read_again(kept: Memory) -> None:
    made = await run(
        kept, command="create", path="/memories/mail.md", file_text="Uses Thunderbird.\n"
    )
    assert not made.is_error
    assert kept.notes() == [Note("mail.md", "Uses Thunderbird.\n")]
    seen = await run(kept, command="view", path="/memories/mail.md")
    assert "Uses Thunderbird." in seen.text
    assert "no instructions from the person" in seen.text
    changed = await run(
        kept, command="str_replace", path="/memories/mail.md", old_str="Thunderbird", new_str="Mutt"
    )
    assert not changed.is_error
    await run(kept, command="insert", path="/memories/mail.md", insert_line=0, insert_text="Mail:")
    assert kept.notes() == [Note("mail.md", "Mail:\nUses Mutt.\n")]
    await run(kept, command="rename", old_path="/memories/mail.md", new_path="/memories/a/b.md")
    assert [note.name for note in kept.notes()] == ["a/b.md"]
    await run(kept, command="delete", path="/memories/a")
    assert kept.notes() == []


async def test_only_the_person_of_the_server_reads_the_files(kept: Memory) -> None:
    await run(kept, command="create", path="/memories/a.md", file_text="x")
    kept.write("b.md", "y")
    for path in (kept.root, kept.root / "a.md", kept.root / "b.md"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "memories/a",
        "/memories/../../x",
        "/memories/./../x",
        "/memories/.hidden",
        "/memories/a/b/c/d/e",
        "/memories/a\nb",
        "/memories/a\0b",
        "/memoriesx",
        "/memories/" + "x" * 250,
    ],
)
async def test_no_path_leads_out_of_the_folder(kept: Memory, path: str) -> None:
    for given in (
        {"command": "create", "path": path, "file_text": "x"},
        {"command": "view", "path": path},
        {"command": "delete", "path": path},
        {"command": "rename", "old_path": path, "new_path": "/memories/x"},
        {"command": "rename", "old_path": "/memories", "new_path": path},
    ):
        assert (await run(kept, **given)).is_error
    assert kept.notes() == []


async def test_a_link_in_the_folder_is_not_followed(kept: Memory, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    kept.root.mkdir(parents=True)
    (kept.root / "way").symlink_to(outside)
    (kept.root / "file").symlink_to(outside / "secret")
    assert (await run(kept, command="view", path="/memories/way/secret")).is_error
    assert (await run(kept, command="view", path="/memories/file")).is_error
    made = await run(kept, command="create", path="/memories/way/new", file_text="x")
    assert made.is_error
    assert kept.notes() == []
    assert [path.name for path in outside.iterdir()] == ["secret"]


async def test_the_memory_has_bounds(kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_FILES", 2)
    monkeypatch.setattr(memory, "MOST_FILE_BYTES", 100)
    monkeypatch.setattr(memory, "MOST_BYTES", 150)
    assert (await run(kept, command="create", path="/memories/a", file_text="x" * 101)).is_error
    kept.write("a", "x" * 90)
    grown = await run(
        kept, command="insert", path="/memories/a", insert_line=0, insert_text="y" * 20
    )
    assert "at most" in grown.text
    assert (await run(kept, command="create", path="/memories/b", file_text="x" * 90)).is_error
    kept.write("b", "x" * 40)
    kept.write("b", "y" * 50)
    with pytest.raises(BadInput, match="as many as it may have"):
        kept.write("c", "x")
    assert [note.name for note in kept.notes()] == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"command": "create", "path": "/memories/a"}, "needs file_text"),
        ({"command": "fly", "path": "/memories/a"}, "command"),
        ({"command": "str_replace", "path": "/memories/a"}, "old_str and new_str"),
        ({"command": "view", "path": "/memories/none"}, "does not exist"),
        ({"command": "create", "path": "/memories/a", "file_text": "\ud800"}, "cannot be written"),
    ],
)
async def test_what_cannot_be_done_is_told(kept: Memory, given: dict[str, Any], told: str) -> None:
    result = await run(kept, **given)
    assert result.is_error
    assert told in result.text


async def test_each_change_is_asked_about_and_a_look_is_not(kept: Memory) -> None:
    approvals, tool = Approvals(), MemoryTool(kept)
    look = await intent_of(tool, asked(command="view", path="/memories"))
    assert approvals.judge(look).decision == "allow"
    given = {"command": "create", "path": "/memories/a.md", "file_text": "Likes tea."}
    verdict = approvals.judge(await intent_of(tool, asked(**given)))
    assert verdict.decision == "ask"
    assert "Likes tea." in verdict.question
    assert "/memories/a.md" in verdict.question


def test_it_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    def names(**given: Any) -> list[str]:
        settings = Settings(_env_file=None, data_dir=tmp_path, **given)
        return [tool.spec.name for tool in tools_for(FakeDesktop(), object(), settings)]

    assert "memory" not in names()
    assert "memory" in names(memory=True)


async def test_a_later_session_reads_what_an_earlier_one_was_allowed_to_keep(
    tmp_path: Path,
) -> None:
    script = [
        says(call("memory", command="create", path="/memories/tea.md", file_text="Likes tea.")),
        says("I keep that in mind."),
        says(call("memory", command="view", path="/memories/tea.md")),
        says("You like tea."),
    ]
    settings = Settings(
        _env_file=None, data_dir=tmp_path, model="claude-opus-5-5", memory=True, allow=("memory",)
    )
    async with MessagesServer(script) as server:
        for words in ("Remember that I like tea.", "What do I like?"):
            client = new_client(server.key, server.base_url)
            model = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client)
            session = Session.create(settings, desktop=FakeDesktop(), model=model)
            await session.open()
            session.say(words)
            await session.wait_idle(20)
            (acted,) = session.log.of(ev.ActionFinished)
            assert not acted.is_error, acted.text
            await session.close()
        assert server.refusals == []
        assert {"type": "memory_20250818", "name": "memory"} in server.requests[0].body["tools"]
        result = server.requests[3].body["messages"][-1]["content"][0]
        assert "Likes tea." in result["content"][0]["text"]
