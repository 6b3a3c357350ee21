"""Plain HTML that reads well wherever notebooks are shown, without styles or scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

from dashboard.display.pictures import data_url


class Html(str):
    """Markup that is safe as it is; plain text is escaped where the two meet."""

    __slots__ = ()


def safe(value: object) -> str:
    """A value as markup."""
    return value if isinstance(value, Html) else escape(str(value))


def bold(value: object) -> Html:
    """In bold type."""
    return Html(f"<b>{safe(value)}</b>")


def paragraph(*parts: object) -> Html:
    """Parts in a line."""
    return Html(f"<p>{' · '.join(safe(part) for part in parts if part != '')}</p>")


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table; its cells are aligned left, which Jupyter does not by itself."""
    head = "".join(f'<th align="left" style="text-align:left">{safe(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td align="left" valign="top" style="text-align:left">{safe(cell)}</td>'
            for cell in row
        )
        + "</tr>"
        for row in rows
    )
    top = f"<thead><tr>{head}</tr></thead>" if header else ""
    return Html(f"<table>{top}<tbody>{body}</tbody></table>")


def picture(image: Image.Image, words: str) -> Html:
    """A picture that is kept in the markup itself."""
    size = f'width="{image.width}" height="{image.height}"'
    return Html(f'<p><img {size} alt="{escape(words, quote=True)}" src="{data_url(image)}"></p>')


def short(text: str, most: int = 200) -> str:
    """One line, cut where it gets too long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
