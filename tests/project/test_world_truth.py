"""The bench of the world: what its pages declare is all there is, and what it counts is right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chromium import launch

from agent.desktop.base import Box, Node
from agent.desktop.see.atspi import ROLES as KNOWN
from benchmarks.world_act import cells_of
from benchmarks.world_report import Report
from benchmarks.world_screens import picture_tokens, shortened, untold
from benchmarks.world_truth import (
    PAGES,
    PROGRAMS,
    ROLES,
    Declared,
    Told,
    folded_in,
    found_of,
    told_in,
    truths,
)

SHOWING = frozenset({"showing"})
SAVE = Declared("button", "Save  it", "#save")

_UNDECLARED = """places => {
  const step = (s, part) => (s.shadowRoot || s.contentDocument || s).querySelector(part)
  const find = place => place.split(" >>> ").reduce((s, part) => s && step(s, part), document)
  const declared = new Set(places.map(find))
  const roles = ["button", "link", "tab", "radio", "option", "menuitem", "menuitemcheckbox"]
    .concat(["treeitem", "gridcell", "slider", "spinbutton", "combobox", "switch"])
  const used = "a[href], button, input, select:not([multiple]), select[multiple] option, "
    + "textarea, summary, area[href], [contenteditable], "
    + roles.map(role => `[role=${role}]`)
  const all = []
  const gather = root => {
    for (const each of root.querySelectorAll("*")) {
      const open = document.querySelector("dialog[open]")
      const reached = !open || open.contains(each) || each.getRootNode() !== document
      const shows = each.checkVisibility() || each.tagName === "AREA"
      if (each.matches(used) && shows && reached) all.push(each)
      if (each.shadowRoot) gather(each.shadowRoot)
      if (each.contentDocument) gather(each.contentDocument)
    }
  }
  gather(document)
  const lost = places.filter(place => !find(place))
  return [...all.filter(e => !declared.has(e)).map(e => e.outerHTML), ...lost]
}"""


def node(role: str, name: str, box: Box) -> Node:
    return Node(f"{role}{name}{box.x}", None, "app", role, name, box, SHOWING)


def test_each_page_declares_all_that_can_be_used_on_it() -> None:
    """Counted by what the document has, so that no element that is hard to find is left out."""
    playwright = pytest.importorskip("playwright.sync_api")
    undeclared = {}
    with playwright.sync_playwright() as p, launch(p) as context:
        page = context.new_page()
        for truth in truths(PAGES, ".html"):
            page.goto(truth.path.as_uri())
            places = [each.place for each in truth.declared]
            undeclared[truth.name] = page.evaluate(_UNDECLARED, places)
    assert len(undeclared) == 12
    assert {name: left for name, left in undeclared.items() if left} == {}


def test_what_is_declared_has_roles_and_places_that_there_are() -> None:
    everything = [*truths(PAGES, ".html"), *truths(PROGRAMS, ".ui")]
    assert len(everything) == 20
    for truth in everything:
        text = truth.path.read_text("utf-8")
        places = [each.place for each in truth.declared]
        assert len(places) == len(set(places)), truth.name
        for each in truth.declared:
            assert each.roles <= {*KNOWN, "toggle switch", "switch"}
            if truth.path.suffix == ".ui":
                assert f'id="{each.place.partition("/")[0]}"' in text, each
    assert set(ROLES) == {each.role for truth in everything for each in truth.declared}


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (node("push button", "Save it", Box(10, 10, 50, 20)), True),
        (node("push button", "Save it", Box(14, 10, 50, 20)), True),
        (node("push button", "Save it", Box(15, 10, 50, 20)), False),
        (node("push button", "Save", Box(10, 10, 50, 20)), False),
        (node("link", "Save it", Box(10, 10, 50, 20)), False),
    ],
)
def test_only_what_has_role_name_and_box_counts_as_found(found: Node, right: bool) -> None:
    score = found_of([SAVE], {"#save": Box(10, 10, 50, 20)}, [found])
    assert (len(score.right), len(score.missed)) == (int(right), int(not right))


def test_one_object_counts_for_one_element_only() -> None:
    box = Box(10, 10, 50, 20)
    twice = [SAVE, Declared("button", "Save it", "#other")]
    score = found_of(twice, {"#save": box, "#other": box}, [node("push button", "Save it", box)])
    assert (len(score.right), len(score.missed)) == (1, 1)


def test_an_outline_is_read_as_it_is_written() -> None:
    text = (
        "window “Shop”, active\n"
        " button “Pay, now” e1, “Cancel” greyed out e2, … 3 more in e9\n"
        " field “Name” = “Ada, B” focused e3, e4, “City” = empty e5\n"
        " password field e7, “PIN” focused e8\n"
        " label “Only words”\n"
        " out of sight: link “Imprint” e6"
    )
    assert told_in(text) == [
        Told("button", "Pay, now", "e1"),
        Told("button", "Cancel", "e2"),
        Told("field", "Name", "e3"),
        Told("field", "", "e4"),
        Told("field", "City", "e5"),
        Told("password field", "", "e7"),
        Told("password field", "PIN", "e8"),
        Told("link", "Imprint", "e6"),
    ]
    assert folded_in(text) == ["e9"]


def test_what_an_outline_leaves_out_or_calls_otherwise_is_untold() -> None:
    long = Declared("link", "word " * 20, "#long")
    told = [Told("link", shortened(long.name), "e1"), Told("link", "Save it", "e2")]
    assert untold([SAVE, long], told) == [SAVE]
    assert untold([long, long], told) == [long]


def test_figures_that_miss_their_goals_are_named() -> None:
    report = Report()
    report.row("quick", 1, "ms", "<= 5", True)
    report.row("slow", 6, "ms", "<= 5", False)
    assert report.missed == ["slow"]
    assert "| slow | 6 ms | <= 5 | **no** |" in report.table()
    assert [row["met"] for row in json.loads(report.json())] == [True, False]


def test_a_picture_costs_a_token_for_each_patch() -> None:
    assert picture_tokens(1280, 800) == 46 * 29
    assert picture_tokens(28, 29) == 2


def test_cells_are_read_from_a_sheet_by_their_addresses(tmp_path: Path) -> None:
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    table = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
    path = tmp_path / "sheet.fods"
    path.write_text(
        f'<o:document xmlns:o="{office}" xmlns:t="{table}" xmlns:x="y"><t:table>'
        '<t:table-row t:number-rows-repeated="2"><t:table-cell/></t:table-row>'
        '<t:table-row><t:table-cell t:number-columns-repeated="2"/><t:table-cell><x:p>7</x:p>'
        "</t:table-cell></t:table-row></t:table></o:document>"
    )
    assert cells_of(path) == {"C3": "7"}
    assert cells_of(tmp_path / "none") == {}
