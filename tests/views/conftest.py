"""Tests of the views use the pilot."""

from __future__ import annotations

from pilot_fixtures import context, page, pilot, pilot_browser, pilot_data, pytest_itemcollected

__all__ = ["context", "page", "pilot", "pilot_browser", "pilot_data", "pytest_itemcollected"]
