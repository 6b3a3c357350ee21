"""What checks read of office documents, and what they make of files that are none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from agent.experiments.plan.task import TASKS
from agent.experiments.run.checks import run_check
from agent.experiments.run.office import NotOffice, cells, paragraphs, slides
from agent.experiments.run.state import State

NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
)
BOLD = (
    '<office:automatic-styles><style:style style:name="b">'
    '<style:text-properties fo:font-weight="bold"/></style:style></office:automatic-styles>'
)
SHEET = f"""{BOLD}<office:body><office:spreadsheet>
<table:table table:name="First">
<table:table-row>
<table:table-cell table:style-name="b"><text:p>Name</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="25"/>
<table:table-cell office:value="7"><text:p>7.00 €</text:p></table:table-cell>
</table:table-row>
<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>
<table:table-row table:number-rows-repeated="2">
<table:table-cell table:number-columns-repeated="2" office:value="2.5"
 table:formula="of:=SUM([.A1:.A2])"><text:p>2.5</text:p></table:table-cell>
</table:table-row>
</table:table>
<table:table table:name="Second"><table:table-row><table:table-cell>
<office:annotation><text:p>a note</text:p></office:annotation>
<text:p>one<text:s/>two</text:p></table:table-cell></table:table-row></table:table>
</office:spreadsheet></office:body>"""
TEXT = """<office:body><office:text><text:h text:outline-level="2">Head</text:h>
<text:p/><text:p>Plain <text:span>and</text:span> simple</text:p>
<text:list><text:list-item><text:p>Point</text:p></text:list-item></text:list>
</office:text></office:body>"""
SLIDES = """<office:body><office:presentation><draw:page><draw:frame><draw:text-box>
<text:p>Title</text:p></draw:text-box></draw:frame>
<presentation:notes><text:p>secret</text:p></presentation:notes></draw:page>
<draw:page/></office:presentation></office:body>"""


def packed(content: str, name: str = "content.xml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def document(body: str) -> bytes:
    return packed(f"<office:document-content {NAMES}>{body}</office:document-content>")


def seen(tmp_path: Path, name: str, data: bytes) -> State:
    (tmp_path / name).write_bytes(data)
    return State(tmp_path)


def test_cells_are_found_by_their_addresses() -> None:
    """Runs of equal ones stand for as many; what is bold, a formula or a number is known."""
    found = cells(document(SHEET))
    assert set(found) == {"A1", "AA1", "A5", "B5", "A6", "B6"}
    assert (found["A1"].text, found["A1"].bold) == ("Name", True)
    assert (found["AA1"].text, found["AA1"].value) == ("7.00 €", "7")
    assert found["B6"].formula == "=SUM([.A1:.A2])"
    assert cells(document(SHEET), "Second")["A1"].value == "one two"
    with pytest.raises(NotOffice, match="no sheet Third"):
        cells(document(SHEET), "Third")


def test_paragraphs_and_slides_are_read_in_order() -> None:
    found = [(p.text, p.level) for p in paragraphs(document(TEXT))]
    assert found == [("Head", 2), ("Plain and simple", 0), ("Point", 0)]
    assert [s.texts for s in slides(document(SLIDES))] == [("Title",), ()]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"name,town\n", "no OpenDocument"),
        (b"PK\x03\x04broken", "no OpenDocument"),
        (packed("<a/>", "other.xml"), "no OpenDocument"),
        (packed("<a>"), "may not be read"),
        (packed('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'), "may not be read"),
        (packed(" " * (33 << 20)), "too large"),
        (document(TEXT), "no spreadsheet"),
    ],
)
def test_what_is_no_spreadsheet_is_a_failure_with_a_reason(
    tmp_path: Path, data: bytes, told: str
) -> None:
    """Whatever lies there under its name."""
    reason = run_check({"cell": {"path": "a.ods", "at": "A1"}}, seen(tmp_path, "a.ods", data))
    assert told in reason


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"at": "A1", "equals": "Name", "bold": True}, ""),
        ({"at": "A1", "bold": False}, "A1 of a.ods is bold"),
        ({"at": "A5", "equals": 2.5, "formula": "SUM"}, ""),
        ({"at": "A5", "equals": 2.5, "formula": ""}, "is a formula"),
        ({"at": "A5", "formula": "AVERAGE"}, "not 'AVERAGE'"),
        ({"at": "AA1", "equals": 7.1}, "is '7', not 7.1"),
        ({"at": "C9", "equals": "x"}, "is '', not 'x'"),
    ],
)
def test_a_cell_is_compared(tmp_path: Path, arguments: dict[str, object], told: str) -> None:
    state = seen(tmp_path, "a.ods", document(SHEET))
    reason = run_check({"cell": {"path": "a.ods", **arguments}}, state)
    assert told in reason
    assert bool(told) == bool(reason)


def test_other_documents_are_compared(tmp_path: Path) -> None:
    """Each check holds of what is there, and says what is not."""
    state = seen(tmp_path, "a.odt", document(TEXT))
    (tmp_path / "a.odp").write_bytes(document(SLIDES))
    (tmp_path / "a.csv").write_text('a, b\n\n"1",2\n')
    (tmp_path / "a.pdf").write_bytes((TASKS / "pdf-to-table/files/invoice.pdf").read_bytes())

    def reason(name: str, **arguments: object) -> str:
        return run_check({name: arguments}, state)

    assert not reason("paragraph", path="a.odt", matches="^head$", level=2)
    assert "level [2]" in reason("paragraph", path="a.odt", matches="^head$", level=1)
    assert "no paragraph" in reason("paragraph", path="a.odt", matches="secret")
    assert not reason("no_paragraph", path="a.odt", matches="secret")
    assert "fits" in reason("no_paragraph", path="a.odt", matches="plain")
    assert "no file b.odt" in reason("no_paragraph", path="b.odt", matches="plain")
    assert not reason("slide", path="a.odp", number=1, of=2, contains=["Title"])
    assert "not ['Other']" in reason("slide", path="a.odp", number=1, contains=["Other"])
    assert "no slide 3" in reason("slide", path="a.odp", number=3, contains=[])
    assert "2 slides, not 1" in reason("slide", path="a.odp", number=1, of=1, contains=[])
    assert not reason("csv_rows", path="a.csv", equals=[["a", "b"], [1, 2]])
    assert "a.csv has" in reason("csv_rows", path="a.csv", equals=[["a", "b"]])
    assert not reason("pdf", path="a.pdf", pages=1)
    assert "1 pages, not 2" in reason("pdf", path="a.pdf", pages=2)
    assert "is no PDF" in reason("pdf", path="a.csv")
    assert not reason("pdf", path="a.pdf", contains=["Rope", "27.00"])
    assert "does not say ['Anchor']" in reason("pdf", path="a.pdf", contains=["Rope", "Anchor"])
