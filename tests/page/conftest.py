"""Tests of the page use the pilot."""

from __future__ import annotations

from pilot_fixtures import context, page, pilot, pilot_browser, pytest_itemcollected

__all__ = ["context", "page", "pilot", "pilot_browser", "pytest_itemcollected"]
