"""PDFs for tests: small, whole, and readable by whatever reads PDFs."""

from __future__ import annotations

import zlib


def pdf(pages: int = 1, *, packed: bool = False, encrypted: bool = False, filler: int = 0) -> bytes:
    """A PDF of empty pages.

    Args:
        pages: How many.
        packed: Whether their descriptions lie in a compressed object stream, as in newer files.
        encrypted: Whether it says that it is locked.
        filler: Bytes that it has in addition.
    """
    first = 3
    kids = " ".join(f"{first + n} 0 R" for n in range(pages))
    described = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    described.append(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode())
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"
    described += [page] * pages
    objects = dict(enumerate(described, 1))
    if packed:
        objects = {1: described[0], len(described) + 1: _stream(described[1:], 2)}
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    out += b"%" + b"x" * filler + b"\n"
    begin = len(out)
    lock = b" /Encrypt 9 0 R" if encrypted else b""
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, place in places.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    out += b"trailer\n<< /Size %d /Root 1 0 R%s >>\n" % (len(described) + 2, lock)
    out += b"startxref\n%d\n%%%%EOF\n" % begin
    return bytes(out)


def _stream(bodies: list[bytes], first: int) -> bytes:
    index, text = "", b""
    for number, body in enumerate(bodies, first):
        index += f"{number} {len(text)} "
        text += body + b"\n"
    data = zlib.compress(index.encode() + text)
    head = f"<< /Type /ObjStm /N {len(bodies)} /First {len(index)} /Filter /FlateDecode "
    return f"{head}/Length {len(data)} >>\nstream\n".encode() + data + b"\nendstream"


def written_pdf(*texts: str) -> bytes:
    """A PDF with one line of text on each page."""
    first = 4
    kids = " ".join(f"{first + 2 * n} 0 R" for n in range(len(texts)))
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(texts)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(texts):
        content = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
        page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents {} 0 R {}"
        font = "/Resources << /Font << /F1 3 0 R >> >> >>"
        objects.append(page.format(first + 2 * number + 1, font).encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    begin = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % begin
    return bytes(out)
