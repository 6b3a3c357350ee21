"""A form, its receipt and a spreadsheet, from the page: typed there, allowed there, told there.

Without a key the planner does each thing that it is told; with Claude, whose part the faithful
server plays, one sentence is enough. The programs are real, and so is the desktop.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from errand import DOWNLOADING, FILLING_IN, ORDERING, READING, claude
from errand_page import at_the_page, tell
from errand_session import TASK
from onlooker import until
from person import Person

from agent.experiments.run.office import cells
from agent.record.events import ApprovalAsked
from agent.testing.messages_server import MessagesServer

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(TASK.missing), reason=f"needs {', '.join(TASK.missing)}"),
]


@pytest.fixture
def places() -> Iterator[Path]:
    """A short path for each test, for unix sockets have long names already."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        path = Path(folder)
        path.chmod(0o755)
        for name in ("data", "tmp"):
            (path / name).mkdir(mode=0o755)
        yield path


async def comes_to_pass(person: Person) -> None:
    """The receipt says what was ordered, and the file of the spreadsheet what it costs."""
    receipt = (person.look.home / "Downloads" / "receipt.txt").read_text("utf-8")
    assert "Name: Ada Lovelace" in receipt
    assert "Price of a pack: 9.10" in receipt
    sheet = person.look.home / "spending.ods"
    await until(lambda: _figure(sheet) == "9.1", "the figure in the spreadsheet")
    assert any("lace order" in asked.question for asked in person.look.of(ApprovalAsked))


def _figure(sheet: Path) -> str | None:
    found = cells(sheet.read_bytes()).get("B3")
    return found.value if found else None


async def test_without_a_key_it_is_done_sentence_by_sentence(places: Path) -> None:
    async with at_the_page(places, {}) as person:
        for words in (*ORDERING, DOWNLOADING):
            await tell(person, words)
        await until((person.look.home / "Downloads" / "receipt.txt").exists, "the receipt")
        for words in FILLING_IN:
            said = await tell(person, words)
        assert "It is saved" in said
        assert "9.10" in await tell(person, READING)
        await comes_to_pass(person)


async def test_with_claude_one_sentence_is_enough(places: Path) -> None:
    """Every request is one that the service takes."""
    async with MessagesServer(claude) as server:
        settings = {
            "ANTHROPIC_API_KEY": server.key,
            "ANTHROPIC_BASE_URL": server.base_url,
            "SAYSO_MODEL": "claude-opus-5-5",
            "SAYSO_DIALECT": "toolset",
            "SAYSO_TOOLS": '["browser", "screen", "computer"]',
            "SAYSO_WARM_UP": "false",
        }
        async with at_the_page(places, settings) as person:
            said = await tell(person, TASK.instruction)
            assert [request.status for request in server.requests] == [200] * 8
            assert said.startswith("The pack costs 9.10 euros")
            await comes_to_pass(person)
