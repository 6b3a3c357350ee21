"""Tests of the page use the pilot."""

from __future__ import annotations

from pilot_fixtures import context, page, pilot

__all__ = ["context", "page", "pilot"]
