"""The settings as docs/settings.md lists them: ``python -m dashboard.views.settings.table``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agent.providers import key_kinds
from agent.setting_kinds import Setting
from dashboard.web.preferences import DECLARED

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"
_LEAD = """\
# Settings

Each is declared once, in `agent/settings.py` or, for the voice's switches, in
`dashboard/voice/client/voice_settings.py`; this page is written from there by
`python -m dashboard.views.settings.table`, and a test compares it.

A setting is taken from the command line, else the environment, else `.env` in the folder where
Sayso is started, else what a person has chosen on the page for their own sessions, else the
default. What the environment or `.env` sets is shown in **Settings** and cannot be changed there.
Lists are `SAYSO_ALLOW=terminal,shell`, or JSON: `SAYSO_ALLOW='["terminal","shell"]'`. The options
are those of `sayso run`; one that takes a list is given once for each. `script/server` takes
`--reach` and `--network`, too. The last column says whether people can change it on the page, and
when that applies.
"""
_HEAD = """\
| variable | what it says | can be | default | option | on the page |
|---|---|---|---|---|---|"""
_NONE = "-"
_KEYS = """\
## Keys

From the environment, `.env`, or entered in Settings. No log, event or page ever has one.

| variable | what it is for |
|---|---|
"""


def table(settings: Iterable[Setting]) -> str:
    """Markdown, a row for each setting that is no key."""
    return "\n".join([_HEAD, *(_row(each) for each in settings if not each.secret)])


def document(settings: Iterable[Setting]) -> str:
    """The whole of docs/settings.md."""
    keys = "\n".join(f"| `{key.name}` | {key.says} |" for key in key_kinds().values())
    return f"{_LEAD}\n{table(settings)}\n\n{_KEYS}{keys}\n"


def _row(setting: Setting) -> str:
    kind = setting.kind
    says = re.sub(r"``(.+?)``", r"`\1`", setting.says)
    named = f"**{kind.label}.** {says}" if kind.label else says
    changed = ("at once" if kind.live else "next session") if kind.personal else _NONE
    option = f"`{kind.flag.name}`" if kind.flag else _NONE
    cells = (f"`{setting.variable}`", named, _range(setting), _default(setting), option, changed)
    return f"| {' | '.join(cells)} |"


def _range(setting: Setting) -> str:
    if values := setting.values:
        return ", ".join(f"`{value}`" for value in values)
    if setting.several:
        return "a list"
    if not setting.number:
        return "`true`, `false`" if setting.control == "switch" else "text"
    least, most = setting.bounds
    ends = (f"from {least:,g}" if least else "", f"to {most:,g}" if most is not None else "")
    unit = "bytes" if setting.kind.scale != 1 else setting.kind.unit or "a number"
    return " ".join(filter(None, (unit, *ends)))


def _default(setting: Setting) -> str:
    value: Any = setting.default
    if setting.kind.usual:
        return setting.kind.usual
    if value is None or value == ():
        return _NONE
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if setting.kind.scale != 1:
        return f"{value / setting.kind.scale:g} {setting.kind.unit}"
    return f"{value:,.9g}" if setting.number else f"`{value}`"


if __name__ == "__main__":
    DOCUMENT.write_text(document(DECLARED.values()), "utf-8")
