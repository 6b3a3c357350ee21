"""A page of plain blocks, written as Markdown or as HTML that stands alone."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from typing import Any


class Page:
    """Blocks of a page, kept apart from how they are written."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._blocks: list[tuple[str, Any]] = [("h1", title)]

    def head(self, text: str) -> None:
        self._blocks.append(("h2", text))

    def text(self, text: str) -> None:
        self._blocks.append(("p", text))

    def items(self, lines: Iterable[str]) -> None:
        self._blocks.append(("ul", list(lines)))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self._blocks.append(("table", (list(header), [list(row) for row in rows])))

    def code(self, text: str) -> None:
        self._blocks.append(("pre", text))

    def markdown(self) -> str:
        """The page; nothing in it can become markup."""
        return "\n\n".join(_MARKDOWN[kind](value) for kind, value in self._blocks) + "\n"

    def html(self) -> str:
        """The page with its style and without scripts."""
        body = "\n".join(_HTML[kind](value) for kind, value in self._blocks)
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{html.escape(self.title)}</title><style>{_STYLE}</style></head>\n"
            f"<body>\n{body}\n</body></html>\n"
        )


def _markdown_table(value: tuple[list[str], list[list[str]]]) -> str:
    header, rows = value
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text that cannot break a table or become markup: agents wrote some of it."""
    flat = " ".join(text.split())
    return html.escape(flat, quote=False).replace("|", "\\|").replace("`", "\\`")


_MARKDOWN: dict[str, Callable[[Any], str]] = {
    "h1": lambda text: f"# {_plain(text)}",
    "h2": lambda text: f"## {_plain(text)}",
    "p": _plain,
    "ul": lambda lines: "\n".join(f"- {_plain(line)}" for line in lines),
    "pre": lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
    "table": _markdown_table,
}

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border:1px solid #c9ced6;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "pre{background:#f3f4f6;padding:1rem;overflow:auto}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16191d}"
    "td,th{border-color:#444b55}pre{background:#22272e}}"
)


def _html_table(value: tuple[list[str], list[list[str]]]) -> str:
    header, rows = value
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


_HTML: dict[str, Callable[[Any], str]] = {
    "h1": lambda text: f"<h1>{html.escape(text)}</h1>",
    "h2": lambda text: f"<h2>{html.escape(text)}</h2>",
    "p": lambda text: f"<p>{html.escape(text)}</p>",
    "ul": lambda lines: "<ul>" + "".join(f"<li>{html.escape(x)}</li>" for x in lines) + "</ul>",
    "pre": lambda text: f"<pre>{html.escape(text)}</pre>",
    "table": _html_table,
}
