"""Which field of a page is meant by "upload report.pdf", and what is claimed of it afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.desktop.base import Box, Node, Tree, Window
from agent.models.offline import uploading
from agent.models.offline.progress import Result
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Done, Fail, Moment, Step
from agent.models.offline.turns import HANDLERS
from agent.models.offline.view import look
from agent.session.refused import DECLINED
from agent.testing.fake_desktop import FakeDesktop

SHOWING = frozenset({"showing", "visible", "enabled", "sensitive"})
PAGE = Box(0, 0, 800, 600)
BROWSER = Window(1, "Send in - Chromium", "Chromium", 7, PAGE, active=True)
DIALOG = Window(2, "Open File", "Chromium", 7, Box(100, 100, 400, 300), active=True, kind="dialog")


class Shop(FakeDesktop):
    """A browser with a page that takes files."""

    def __init__(self, home: Path, *names: str) -> None:
        super().__init__(width=800, height=600, home=home)
        self.shown = (BROWSER,)
        self.holds(*names)

    def holds(self, *names: str) -> None:
        """What the page's fields say."""
        self.fields = tuple(
            Node(f"f{n}", "page", "Chromium", "push button", name, Box(20, 40 * n, 90, 22), SHOWING)
            for n, name in enumerate(names, 1)
        )

    def ask(self) -> None:
        self.shown = (replace(BROWSER, active=False), DIALOG)

    def answer(self) -> None:
        self.shown = (BROWSER,)

    async def tree(self) -> Tree:
        frame = Node("frame", None, "Chromium", "frame", BROWSER.title, PAGE, SHOWING)
        page = Node("page", "frame", "Chromium", "document web", "Send in", PAGE, SHOWING)
        other = Node(
            "b", "page", "Chromium", "push button", "Send: now", Box(9, 500, 9, 9), SHOWING
        )
        return Tree((frame, page, *self.fields, other))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "report.pdf").write_bytes(b"%PDF-1.7")
    return tmp_path


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not happened when it is looked for never will."""
    for name in ("_OPENS", "_TAKES", "_CLOSES"):
        monkeypatch.setattr(uploading, name, 0.0)


async def step(shop: Shop, said: str, phase: int = 0) -> Step:
    [command] = parse(said).commands
    return await HANDLERS[command.intent](Moment(shop, await look(shop), command, phase))


async def test_a_file_is_chosen_by_its_path_and_looked_up_in_the_field(home: Path) -> None:
    shop = Shop(home, "Your report: No file chosen")
    first = await step(shop, "upload report.pdf")
    assert isinstance(first, Act)
    assert [call.input for call in first.calls] == [{"coordinate": [65, 51]}]
    shop.ask()
    second = await step(shop, "upload report.pdf", first.phase)
    assert isinstance(second, Act)
    typed, confirmed = second.calls
    assert typed.input == {"text": str(home / "report.pdf")}
    assert confirmed.input == {"text": "alt+o"}
    shop.answer()
    shop.holds("Your report: report.pdf")
    third = await step(shop, "upload report.pdf", second.phase)
    assert third == Done("Your report has report.pdf now.")


async def test_a_file_that_may_not_be_given_leaves_no_dialog(home: Path) -> None:
    """Which would keep the page from everything else."""
    shop, said = Shop(home, "Your report: No file chosen"), "upload report.pdf"
    [command] = parse(said).commands
    shop.ask()
    declined = (Result("Typed."), Result(DECLINED, is_error=True))

    async def next_step(phase: int, memo: str = "", results: tuple[Result, ...] = ()) -> Step:
        at = Moment(shop, await look(shop), command, phase, memo, results)
        return await HANDLERS[command.intent](at)

    closing = await next_step(2, results=declined)
    for _ in range(2):
        assert isinstance(closing, Act)
        assert [call.input for call in closing.calls] == [{"text": "Escape"}]
        assert not closing.memo
        last, closing = closing, await next_step(closing.phase, closing.memo)
    assert closing == Fail("I could not upload report.pdf, so I closed the dialog.")
    shop.answer()
    assert await next_step(last.phase, last.memo) == closing


async def test_nothing_is_claimed_that_the_page_does_not_show(home: Path) -> None:
    """No dialog; one that stays; a page that has nothing, or another file."""
    shop = Shop(home, "Your report: No file chosen")
    assert isinstance(await step(shop, "upload report.pdf", 1), Fail)
    assert isinstance(await step(shop, "upload report.pdf", 2), Fail)
    shop.holds("Your report: old report.pdf")
    assert isinstance(await step(shop, "upload report.pdf", 2), Fail)
    shop.holds("Your report: report.pdf")
    shop.ask()
    assert isinstance(await step(shop, "upload report.pdf", 2), Fail)


async def test_of_several_fields_the_named_one_is_meant(home: Path) -> None:
    shop = Shop(home, "Your report: No file chosen", "Photos: 2 files")
    which = await step(shop, "upload report.pdf")
    assert which == Fail("Say where: upload report.pdf to Your report or Photos.")
    act = await step(shop, "upload report.pdf to the photos field")
    assert isinstance(act, Act)
    assert act.say == "Opening Photos."
    wrong = await step(shop, "upload report.pdf to the letters")
    assert isinstance(wrong, Fail)
    shop.holds("Your report: report.pdf", "Photos: No file chosen")
    assert isinstance(await step(shop, "upload report.pdf to photos", 2), Fail)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("Your report: No file chosen", True),
        ("No file chosen", True),
        ("Report: main: letter.odt", True),
        ("Photos: 2 files", True),
        ("Send: now", False),
        ("report.pdf", False),
        ("Choose", False),
    ],
)
async def test_a_field_for_files_is_known_by_what_it_says(
    home: Path, name: str, *, is_one: bool
) -> None:
    step_ = await step(Shop(home, name), "upload report.pdf")
    assert isinstance(step_, Act) == is_one


async def test_a_file_that_is_not_there_is_said_to_be_missing(home: Path) -> None:
    shop = Shop(home, "Your report: No file chosen")
    assert isinstance(await step(shop, "upload the letter to Ada"), Fail)
    assert isinstance(await step(Shop(home), "upload report.pdf"), Fail)


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ("upload report.pdf", {"file": "report.pdf"}),
        ("attach the file report to the photos field", {"file": "report", "label": "photos"}),
        ("choose the file report.pdf for your report", {"file": "report.pdf", "label": "report"}),
    ],
)
def test_ways_to_say_it(said: str, slots: dict[str, str]) -> None:
    [command] = parse(said).commands
    assert (command.intent, dict(command.slots)) == ("upload", slots)
