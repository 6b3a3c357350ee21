"""The options of the command line that are settings, as they were declared."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping
from typing import Any

from agent.setting_kinds import Setting


def add_flags(parser: argparse.ArgumentParser, settings: Mapping[str, Setting]) -> None:
    """Give a command the options of these settings; each is kept by the setting's name."""
    options = parser.add_argument_group("settings (docs/settings.md has all)")
    for name, setting in settings.items():
        if (flag := setting.kind.flag) is None:
            continue
        text = flag.help() if callable(flag.help) else flag.help
        more: dict[str, Any] = {"action": "append"} if setting.several else {}
        if setting.values:
            more["choices"] = setting.values
        elif setting.number:
            more["type"] = amount_of((flag.metavar or setting.kind.unit).lower())
        options.add_argument(flag.name, dest=name, metavar=flag.metavar, help=text, **more)


def given_flags(given: argparse.Namespace, settings: Mapping[str, Setting]) -> dict[str, Any]:
    """What these options were given, by the settings' names."""
    found = {name: getattr(given, name) for name, each in settings.items() if each.kind.flag}
    return {name: value for name, value in found.items() if value is not None}


def amount_of(unit: str) -> Callable[[str], float]:
    """Reads an option's number of that unit, which must be more than 0."""

    def read(text: str) -> float:
        try:
            amount = float(text)
        except ValueError:
            amount = math.nan
        if not (math.isfinite(amount) and amount > 0):
            raise argparse.ArgumentTypeError(f"a number of {unit} greater than 0 is needed")
        return amount

    return read
