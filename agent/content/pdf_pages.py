"""Reads pages of a PDF: a program of its own, since what it reads may be made to harm its reader.

``python -I pdf_pages.py FIRST LAST LETTERS EDGE <FILE`` writes one line of JSON: ``pages``, how
many there are; ``texts`` of the pages from FIRST to LAST (0: to the end), until there are
LETTERS characters; ``picture``, the first of them that has no text, as PNG in base64, EDGE pixels
at its longest side, with its number as ``pictured``. Or ``locked``, or ``damaged``.
"""

from __future__ import annotations

import base64
import io
import json
import resource
import sys
from typing import Any

_MEMORY, _SECONDS = 2 << 30, 20
_WORDLESS = 16
"""Characters that a page must have for its text to be of use; else it is a scan."""


def _read(data: bytes, first: int, last: int, letters: int, edge: int) -> dict[str, Any]:
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        return {"locked": True} if "assword" in str(error) else {"damaged": True}
    said: dict[str, Any] = {"pages": len(document), "texts": []}
    for number in range(first, min(last or len(document), len(document)) + 1):
        page = document[number - 1]
        text = page.get_textpage().get_text_bounded().replace("\r\n", "\n")
        said["texts"].append(text[:letters])
        letters -= len(text)
        if "picture" not in said and len(text.strip()) < _WORDLESS:
            scale = min(4.0, edge / max(*page.get_size(), 1.0))
            written = io.BytesIO()
            page.render(scale=scale).to_pil().save(written, "PNG")
            said |= {"picture": base64.b64encode(written.getvalue()).decode(), "pictured": number}
        if letters <= 0:
            break
    return said


def main() -> None:
    """Read standard input, and say what is in it."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    json.dump(_read(sys.stdin.buffer.read(), *map(int, sys.argv[1:])), sys.stdout)


if __name__ == "__main__":
    main()
