"""What stands in office documents (OpenDocument): cells, paragraphs, slides.

Nothing of a file is run or fetched: one bounded part of it is unpacked and read as XML, without
entities.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from agent.experiments.extras import extra

_MOST_BYTES = 32 << 20
"""Of a document's content when it is unpacked."""

_MOST_REPEATS = 1000
"""Cells that a run of equal ones stands for; what reaches further is the sheet's empty rest."""

_SPACES = {
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "style": "urn:oasis:names:tc:opendocument:xmlns:style:1.0",
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
    "draw": "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0",
    "presentation": "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0",
    "fo": "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0",
}


class NotOffice(ValueError):
    """The bytes are no OpenDocument that may be read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it shows, and what is in it."""

    text: str = ""
    value: str = ""
    """The number, as it is kept; of other cells the text."""

    formula: str = ""
    """Without its prefix: ``=SUM([.B2:.B4])``."""

    bold: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a document; ``level`` of a heading, 0 otherwise."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide: the texts on it, without its notes."""

    texts: tuple[str, ...] = field(default=())


def cells(data: bytes, sheet: str = "") -> dict[str, Cell]:
    """What a sheet (by default the first) holds: its cells by address (``B5``), without empty ones.

    Raises:
        NotOffice: it is no spreadsheet, or has no such sheet.
    """
    content = _content(data)
    bold = _bold_styles(content)
    tables = content.iterfind(".//office:spreadsheet/table:table", _SPACES)
    for table in tables:
        if sheet in ("", _given(table, "table:name")):
            return dict(_cells(table, bold))
    raise NotOffice(f"there is no sheet {sheet}" if sheet else "it is no spreadsheet")


def paragraphs(data: bytes) -> tuple[Paragraph, ...]:
    """The paragraphs and headings of a document, in order, empty ones left out.

    Raises:
        NotOffice: it is no document.
    """
    body = _content(data).find(".//office:body/office:text", _SPACES)
    if body is None:
        raise NotOffice("it is no text document")
    found = []
    for element in body.iter():
        if element.tag in (_name("text:p"), _name("text:h")) and (text := _text(element)):
            heading = element.tag == _name("text:h")
            level = int(_given(element, "text:outline-level") or 1) if heading else 0
            found.append(Paragraph(text, level))
    return tuple(found)


def slides(data: bytes) -> tuple[Slide, ...]:
    """The slides of a presentation, in order.

    Raises:
        NotOffice: it is no presentation.
    """
    body = _content(data).find(".//office:presentation", _SPACES)
    if body is None:
        raise NotOffice("it is no presentation")
    return tuple(Slide(tuple(_texts(page))) for page in body.iterfind("draw:page", _SPACES))


def _content(data: bytes) -> Element:
    parser = extra("defusedxml.ElementTree")
    forbidden: type[Exception] = extra("defusedxml.common").DefusedXmlException
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("content.xml") as part:
            text = part.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise NotOffice("its content is too large")
        root: Element = parser.fromstring(text)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, RuntimeError, zlib.error) as error:
        raise NotOffice(f"it is no OpenDocument file ({error})") from error
    except (ParseError, forbidden) as error:
        raise NotOffice(f"its content may not be read as XML ({error})") from error
    return root


def _cells(table: Any, bold: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    number = 0
    for row in table.iter(_name("table:table-row")):
        repeats = _times(row, "table:number-rows-repeated")
        found = list(_row(row, bold))
        for _ in range(min(repeats, _MOST_REPEATS) if found else 0):
            number += 1
            yield from ((f"{column}{number}", cell) for column, cell in found)
        number += 0 if found else repeats


def _row(row: Any, bold: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    place = 0
    for element in row:
        if element.tag not in (_name("table:table-cell"), _name("table:covered-table-cell")):
            continue
        repeats = _times(element, "table:number-columns-repeated")
        cell = _cell(element, bold)
        if cell.text or cell.formula:
            for more in range(min(repeats, _MOST_REPEATS)):
                yield _column(place + more), cell
        place += repeats


def _cell(element: Any, bold: frozenset[str]) -> Cell:
    text = "\n".join(_texts(element))
    formula = _given(element, "table:formula").partition(":")[2]
    value = _given(element, "office:value") or text
    return Cell(text, value, formula, _given(element, "table:style-name") in bold)


def _column(place: int) -> str:
    """The letters of a column, counted from 0."""
    letters = ""
    while place >= 0:
        letters = chr(ord("A") + place % 26) + letters
        place = place // 26 - 1
    return letters


def _bold_styles(content: Any) -> frozenset[str]:
    styles = content.iterfind(".//office:automatic-styles/style:style", _SPACES)
    return frozenset(
        _given(style, "style:name")
        for style in styles
        if any(
            _given(each, "fo:font-weight") == "bold"
            for each in style.iterfind("style:text-properties", _SPACES)
        )
    )


def _texts(element: Any) -> Iterator[str]:
    """The paragraphs in an element, notes left out."""
    for child in element:
        if child.tag in (_name("presentation:notes"), _name("office:annotation")):
            continue
        if child.tag in (_name("text:p"), _name("text:h")):
            if text := _text(child):
                yield text
        else:
            yield from _texts(child)


def _text(element: Any) -> str:
    """The text of a paragraph on one line; spaces and tabs are elements of their own."""
    parts = [element.text or ""]
    for child in element:
        if child.tag in (_name("text:s"), _name("text:tab"), _name("text:line-break")):
            parts.append(" ")
        elif child.tag != _name("office:annotation"):
            parts.append(_text(child))
        parts.append(child.tail or "")
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def _times(element: Any, name: str) -> int:
    given = _given(element, name)
    return max(1, int(given)) if given.isdigit() else 1


def _given(element: Any, name: str) -> str:
    return str(element.get(_name(name), ""))


def _name(name: str) -> str:
    space, _, local = name.partition(":")
    return f"{{{_SPACES[space]}}}{local}"
