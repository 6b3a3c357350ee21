"""What is wrong with a prompt's template, and in which line."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import jinja2
from jinja2 import meta, nodes

from agent.prompts.template import ENVIRONMENT

_log = logging.getLogger(__name__)

VARIABLES: Mapping[str, str] = {
    "width": "width of the screen in pixels",
    "height": "height of the screen in pixels",
    "network": "whether programs on the desktop reach the network",
}
"""What a template may name, and what it is."""

LONGEST = 100_000
"""Characters of a prompt at most."""

_SAMPLES = (
    {"width": 1280, "height": 800, "network": False},
    {"width": 1280, "height": 800, "network": True},
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong; ``line`` counts from 1."""

    line: int
    message: str


def faults(template: str) -> tuple[Fault, ...]:
    """Everything that keeps a template from being used; empty when all is well."""
    if not template.strip():
        return (Fault(1, "The prompt is empty."),)
    if len(template) > LONGEST:
        return (Fault(1, f"The prompt is longer than {LONGEST:,} characters."),)
    try:
        tree = ENVIRONMENT.parse(template)
        unknown = tuple(_unknown(tree))
        ENVIRONMENT.from_string(template)
    except jinja2.TemplateSyntaxError as error:
        return (Fault(error.lineno, _sentence(error.message)),)
    return unknown or tuple(_failing(template))


def _unknown(tree: nodes.Template) -> Iterator[Fault]:
    missing = meta.find_undeclared_variables(tree) - VARIABLES.keys()
    known = ", ".join(VARIABLES)
    for name in tree.find_all(nodes.Name):
        if name.name in missing and name.ctx == "load":
            yield Fault(name.lineno, f"There is no variable “{name.name}”. Known: {known}.")


def _failing(template: str) -> Iterator[Fault]:
    """What goes wrong only when it is filled in; the first of it."""
    for sample in _SAMPLES:
        try:
            text = ENVIRONMENT.from_string(template).render(sample)
        except Exception as error:  # noqa: BLE001 - a template may fail in any way; told as a fault
            _log.info("A template cannot be filled in", exc_info=True)
            yield Fault(_line_of(error), _sentence(f"It cannot be filled in: {error}"))
            return
        if not text.strip():
            network = "with" if sample["network"] else "without"
            yield Fault(1, f"Filled in {network} network, nothing is left.")
            return


def _sentence(text: str | None) -> str:
    return f"{(text or 'It is not a template').rstrip('.')}."


def _line_of(error: Exception) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<template>"]
    return (lines[-1] or 1) if lines else 1
