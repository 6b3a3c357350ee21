"""Changes of a page that Panel writes late go out by themselves.

While a message is being written to a page, Panel keeps further changes (`_WRITE_MSGS`) for a
task that writes them next. If the first writer ends between, it takes away the mark
(`_WRITE_BLOCK`) by which that task knows that there is work, and what was kept goes out only
with the next change: the page stands still for as long as nothing else happens.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from bokeh.document import Document
from panel.io import document as panel_document

Dispatch = Callable[[Document], Awaitable[None]]


def complete(dispatch: Dispatch) -> Dispatch:
    """Panel's writer of kept changes, which never leaves any behind (seen in Panel 1.9.4)."""

    @functools.wraps(dispatch)
    async def write(doc: Document) -> None:
        if doc in panel_document._WRITE_MSGS:  # noqa: SLF001
            panel_document._WRITE_BLOCK[doc] = True  # noqa: SLF001
        await dispatch(doc)

    return write


def install() -> None:
    """Let every page of this process be written to completely."""
    panel_document._dispatch_msgs = complete(panel_document._dispatch_msgs)  # noqa: SLF001
