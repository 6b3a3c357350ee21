"""The base of the page's components: params, messages, slots, and failures, in a real browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import panel as pn
import param
import pytest
from panel.viewable import Child
from playwright.sync_api import BrowserContext, Page
from widget_stage import Stage, until

from dashboard.js.component import Message, View

ROOT = Path(__file__).resolve().parents[2]
ESBUILD = ROOT / "node_modules/.bin/esbuild"

HAS = """word => Bokeh.documents.some(document =>
    [...document._all_models.values()].some(model => model.data?.attributes.word === word))"""
"""Whether the page has been told of a word, drawn or not."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ESBUILD.exists(), reason="npm ci was not run"),
]


class _Source(param.Parameterized):
    word = param.String("first")
    count = param.Integer(1)


class Probe(View):
    """Has a param of each kind that matters, and a slot."""

    word = param.String("")
    number = param.Integer(0)
    inner = Child()


class _Bench:
    def __init__(self) -> None:
        self.source = _Source()
        self.taken: list[Message] = []
        self.probe: Probe

    def page(self) -> Any:
        self.probe = Probe(self.taken.append, inner=pn.pane.Str("one inside"))
        self.probe.mirror(self.source, "word", number="count")
        return self.probe


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("probe") / "probe.js"
    probe = ROOT / "tests/widgets/probe.js"
    command = [str(ESBUILD), str(probe), "--bundle", "--format=esm", f"--outfile={made}"]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return made


@pytest.fixture
def bench(stage: Stage, bundle: Path) -> _Bench:
    Probe._esm = bundle
    bench = _Bench()
    stage.extra = bench.page
    return bench


@pytest.fixture
def page(stage: Stage, bench: _Bench, browser_context: BrowserContext) -> Iterator[Page]:
    page = browser_context.new_page()
    page.goto(f"{stage.url}/extra")
    page.locator("section .word").wait_for()
    yield page
    page.close()


def test_params_messages_and_slots_reach_both_sides(
    stage: Stage, bench: _Bench, page: Page
) -> None:
    """A param follows its source, a message goes each way, and a child stands in its slot."""
    assert page.locator(".word").inner_text() == "first"
    page.locator(".inner").get_by_text("one inside").wait_for()
    stage.call(bench.source.param.update, word="second", count=5)
    page.get_by_text("second").wait_for()
    page.locator(".ask").click()
    until(lambda: bench.taken == [{"type": "asked", "n": 5}], f"asked: {bench.taken}", page)
    page.locator(".set").click()
    until(lambda: bench.probe.number == 7, "a param set in the browser", page)
    stage.call(bench.probe.post, {"type": "told", "text": "from Python"})
    page.get_by_text("from Python").wait_for()


def test_what_stands_in_a_slot_is_left_alone_when_the_component_is_drawn_again(
    stage: Stage, bench: _Bench, page: Page
) -> None:
    """It keeps the focus: moved in the page, a desktop would lose the keyboard."""
    inner = page.locator(".inner > *").first
    inner.evaluate("node => { node.tabIndex = 0; node.focus(); }")
    stage.call(bench.source.param.update, word="drawn again")
    page.locator("[data-word='drawn again']").wait_for()
    assert inner.evaluate("node => node.getRootNode().activeElement === node")


def test_a_new_child_comes_and_what_was_typed_stays(
    stage: Stage, bench: _Bench, page: Page
) -> None:
    """Panel renders anew when a child changes: typed text, signals and messages survive it."""
    page.get_by_label("kept").fill("half an ans")
    stage.call(bench.probe.param.update, inner=pn.pane.Str("another"))
    page.locator(".inner").get_by_text("another").wait_for()
    assert page.get_by_text("one inside").count() == 0
    assert page.get_by_label("kept").input_value() == "half an ans"
    stage.call(bench.source.param.update, word="third")
    page.get_by_text("third").wait_for()
    page.locator(".ask").click()
    until(lambda: bench.taken, "asked after all that", page)
    assert bench.taken == [{"type": "asked", "n": 1}], "once, not twice"


def test_what_fails_says_so_in_its_place_and_is_reported(
    stage: Stage, bench: _Bench, page: Page
) -> None:
    """An exception while drawing is told to Python and shown, and the part can be had back."""
    stage.call(bench.source.param.update, word="break")
    page.get_by_role("alert").get_by_text("has stopped working").wait_for()
    until(lambda: bench.taken, "a report", page)
    [report] = bench.taken
    assert (report["type"], report["where"]) == ("broke", "Probe")
    assert "broken on purpose" in report["text"]
    stage.call(bench.source.param.update, word="mended")
    page.wait_for_function(HAS, arg="mended")
    page.get_by_role("button", name="Show it again").click()
    page.get_by_text("mended").wait_for()
