"""A report's templates filled in: Markdown, and the HTML made of it, which stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

_SPECIAL = re.compile(
    r"[\\`*~|]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # one inside a word is no emphasis
    r"|\](?=[(\[:])"  # of a link
    r"|^(?:#{1,6}|[-+=]+|\d+[.)])(?=\s|$)"  # what begins a heading or a list
)


def literal(value: object) -> object:
    """``value`` so that Markdown shows it as it is; autoescape does the same for HTML in it.

    Line breaks become spaces: agents wrote some of it, and it may stand in a table.
    """
    if isinstance(value, Markup):
        return value
    flat = " ".join(str(value).split())
    return _SPECIAL.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", flat)


def code(text: str) -> Markup:
    """Lines as a block of code, in which nothing is markup."""
    return Markup("\n".join(f"    {line}" for line in text.splitlines()))  # noqa: S704


_LOADER = PackageLoader(__package__)
_MARKDOWN = Environment(
    autoescape=True,
    finalize=literal,
    keep_trailing_newline=True,
    loader=_LOADER,
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
)
_MARKDOWN.filters["code"] = code
_HTML = Environment(autoescape=True, loader=_LOADER, undefined=StrictUndefined)


def markdown(**variables: Any) -> str:
    """The report in Markdown; nothing among ``variables`` can become markup."""
    text = _MARKDOWN.get_template("report.md.jinja").render(variables)
    return text.replace("&#39;", "'").replace("&#34;", '"')  # only attributes need these escaped


def html(title: str, text: str) -> str:
    """Markdown as a page with its style and without scripts; HTML in it stays text."""
    body = Markup(_renderer().render(text))  # noqa: S704 - made with html=False
    return _HTML.get_template("report.html.jinja").render(title=title, body=body)


def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("th_open", _column)
    return made


def _column(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: dict[str, Any],
) -> str:
    tokens[index].attrSet("scope", "col")
    return renderer.renderToken(tokens, index, options, env)
