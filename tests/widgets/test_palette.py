"""Colours stand in `dashboard/theme.py`; what style sheets fall back to agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.theme import page_style

ROOT = Path(__file__).parents[2]
SHEETS = [
    sheet for sheet in sorted((ROOT / "dashboard").rglob("*.css")) if ".bundle." not in sheet.name
]
FALLBACK = re.compile(r"var\(--mui-palette-(\w+)-(\w+),\s*(#[0-9a-fA-F]{3,8})\)")
WHITE_ON = {"warning", "error", "success"}
"""The design system's own choice on a dark colour."""


def long(colour: str) -> str:
    short = colour.lower().removeprefix("#")
    return "#" + ("".join(2 * digit for digit in short) if len(short) == 3 else short)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: str(sheet.relative_to(ROOT)))
def test_a_style_sheet_falls_back_to_the_theme(sheet: Path) -> None:
    light = page_style()["theme_config"]["light"]["palette"]
    wrong = []
    for kind, shade, colour in FALLBACK.findall(sheet.read_text()):
        white = "#ffffff" if shade == "contrastText" and kind in WHITE_ON else ""
        if long(colour) != (light[kind].get(shade) or white):
            wrong.append(f"--mui-palette-{kind}-{shade}: {colour}")
    assert not wrong


def test_style_sheets_are_found_and_fall_back() -> None:
    assert sum(len(FALLBACK.findall(sheet.read_text())) for sheet in SHEETS) > 100
