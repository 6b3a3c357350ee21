"""The offline voice server's routes, or a plain word on why there is none."""

from __future__ import annotations

from typing import Any


def voice_routes() -> list[tuple[Any, ...]]:
    """Routes of the offline EVI server; without its packages, one that says so."""
    return []
