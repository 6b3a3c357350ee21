"""Checks on a final state, as data: one name and its arguments each.

A check returns an empty string when it holds, else the reason in words. What an agent has
written is parsed by json, tomllib, configparser and defusedxml, never evaluated.
"""

from __future__ import annotations

import configparser
import csv
import hashlib
import io
import json
import math
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.content.pdf import is_pdf, pdf_facts, pdf_text
from agent.errors import ConfigurationError
from agent.experiments.extras import extra
from agent.experiments.run.office import Cell, NotOffice, cells, paragraphs, slides
from agent.experiments.run.state import State, visible
from agent.record import events as ev

Check = Callable[..., str]
"""``check(state, **arguments) -> reason``."""

CHECKS: dict[str, Check] = {}


def check(function: Check) -> Check:
    """Enter a check into the registry under its name."""
    CHECKS[function.__name__] = function
    return function


def run_checks(checks: Sequence[dict[str, Any]], state: State) -> tuple[float, str]:
    """Share of the checks that hold, and why others do not.

    Raises:
        ConfigurationError: a check is unknown or its arguments are wrong.
    """
    reasons = [run_check(one, state) for one in checks]
    wrong = [reason for reason in reasons if reason]
    score = 1.0 - len(wrong) / len(reasons) if reasons else 1.0
    return score, "; ".join(wrong) or "All checks hold."


def run_check(one: dict[str, Any], state: State) -> str:
    """One check's reason; empty when it holds."""
    if len(one) != 1:
        raise ConfigurationError(f"A check is one name with arguments, not {sorted(one)}.")
    name, arguments = next(iter(one.items()))
    if name not in CHECKS:
        raise ConfigurationError(
            f"There is no check “{name}”; there are {', '.join(sorted(CHECKS))}."
        )
    try:
        return CHECKS[name](state, **(arguments or {}))
    except TypeError as error:
        raise ConfigurationError(f"The check “{name}” is given wrongly: {error}.") from error


def _compared(
    what: str,
    text: str,
    *,
    equals: str | None = None,
    contains: str | None = None,
    excludes: str | None = None,
    matches: str | None = None,
) -> str:
    """Text against what is wanted of it; outer white space does not count."""
    shown = repr(text if len(text) <= 120 else f"{text[:120]}…")
    if equals is not None and text.strip() != equals.strip():
        return f"{what} is {shown}, not {equals.strip()!r}"
    if contains is not None and contains not in text:
        return f"{what} lacks {contains!r}"
    if excludes is not None and excludes in text:
        return f"{what} has {excludes!r}"
    if matches is not None and not re.search(matches, text, re.IGNORECASE):
        return f"{what} is {shown}, which does not fit {matches!r}"
    return ""


COMPARED = ("equals", "contains", "excludes", "matches")
"""Arguments of the checks that compare a text."""


# Files --------------------------------------------------------------------------------


@check
def file_text(state: State, *, path: str, **wanted: str) -> str:
    """A text file; ``equals``, ``contains``, ``excludes`` or ``matches``."""
    text = state.text(path)
    return state.lacks(path) if text is None else _compared(path, text, **wanted)


@check
def file_exists(state: State, *, path: str) -> str:
    """A file is there."""
    return "" if path in state.entries else state.lacks(path)


@check
def folder_exists(state: State, *, path: str) -> str:
    """A folder is there."""
    return "" if f"{path}/" in state.entries else f"there is no folder {path}"


@check
def absent(state: State, *, path: str) -> str:
    """There is neither a file nor a folder."""
    there = path in state.entries or f"{path}/" in state.entries
    return f"{path} is there" if there else ""


@check
def listing(state: State, *, path: str = "", exactly: Sequence[str]) -> str:
    """What a folder holds, folders with a slash, hidden entries left out."""
    prefix = f"{path}/" if path else ""
    inside = [e[len(prefix) :] for e in visible(state.entries) if e.startswith(prefix)]
    names = sorted(e for e in inside if e and "/" not in e.rstrip("/"))
    return "" if names == sorted(exactly) else f"{path or 'home'} holds {names}"


@check
def unchanged(state: State, *, path: str, as_fixture: str = "") -> str:
    """A file is as it was given at the start, byte for byte; it may have been moved."""
    name = as_fixture or path
    if name not in state.fixtures:
        raise ConfigurationError(f"“unchanged” names {name}, which the task does not bring.")
    data = state.data(path)
    if data is None:
        return state.lacks(path)
    return "" if data == state.fixtures[name] else f"{path} was changed"


# Settings and data --------------------------------------------------------------------


@check
def keyfile(
    state: State, *, path: str, section: str, key: str, equals: str, default: str | None = None
) -> str:
    """A value of an INI or GKeyFile; ``default`` stands for a missing one."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(state.text(path) or "")
    except configparser.Error as error:
        return f"{path} is not a settings file: {error}"
    value = parser.get(section, key, fallback=default)
    return "" if value == equals else f"{key} is {value!r}, not {equals!r}"


@check
def json_value(state: State, *, path: str, at: Sequence[str | int], equals: Any) -> str:
    """A value in a JSON file, by keys and indices."""
    return _value(state, path, at, equals, json.loads)


@check
def toml_value(state: State, *, path: str, at: Sequence[str | int], equals: Any) -> str:
    """A value in a TOML file, by keys and indices."""
    return _value(state, path, at, equals, tomllib.loads)


def _value(
    state: State, path: str, at: Sequence[str | int], equals: Any, parse: Callable[[str], Any]
) -> str:
    text = state.text(path)
    if text is None:
        return state.lacks(path)
    try:
        value = parse(text)
        for place in at:
            value = value[place]
    except (ValueError, RecursionError) as error:
        return f"{path} cannot be read: {error}"
    except (KeyError, IndexError, TypeError):
        return f"{path} has nothing at {list(at)}"
    same = value == equals and isinstance(value, bool) == isinstance(equals, bool)
    return "" if same else f"{path} has {value!r} at {list(at)}, not {equals!r}"


@check
def xml_text(state: State, *, path: str, find: str, equals: str) -> str:
    """Text of the first element that ``find`` (ElementTree's XPath) names."""
    parser = extra("defusedxml.ElementTree")
    text = state.text(path)
    if text is None:
        return state.lacks(path)
    try:
        element = parser.fromstring(text).find(find)
    except (SyntaxError, ValueError) as error:
        return f"{path} is not XML that may be read: {error!r}"
    if element is None:
        return f"{path} has no {find}"
    return _compared(f"{find} of {path}", element.text or "", equals=equals)


# Office documents (OpenDocument) --------------------------------------------------------


@check
def cell(
    state: State,
    *,
    path: str,
    at: str,
    sheet: str = "",
    equals: str | float | None = None,
    formula: str | None = None,
    bold: bool | None = None,
) -> str:
    """A cell of a spreadsheet by its address; ``formula`` is a pattern, ``""`` for none."""
    data = state.data(path)
    if data is None:
        return state.lacks(path)
    try:
        found = cells(data, sheet).get(at, Cell())
    except NotOffice as error:
        return f"{path} cannot be read: {error}"
    if equals is not None and not _equal(found.value, equals):
        return f"{at} of {path} is {found.value!r}, not {equals!r}"
    if formula == "" and found.formula:
        return f"{at} of {path} is a formula, {found.formula!r}"
    if formula and not re.search(formula, found.formula, re.IGNORECASE):
        return f"the formula in {at} of {path} is {found.formula!r}, not {formula!r}"
    if bold is not None and found.bold is not bold:
        return f"{at} of {path} is {'bold' if found.bold else 'not bold'}"
    return ""


def _equal(value: str, wanted: str | float) -> bool:
    """A number by its size, a text by its letters."""
    if isinstance(wanted, str):
        return value.strip() == wanted.strip()
    try:
        return math.isclose(float(value), wanted, abs_tol=1e-9)
    except ValueError:
        return False


@check
def paragraph(state: State, *, path: str, matches: str, level: int | None = None) -> str:
    """A paragraph of a text document; ``level`` of a heading, 0 for plain text."""
    data = state.data(path)
    if data is None:
        return state.lacks(path)
    try:
        found = [p for p in paragraphs(data) if re.search(matches, p.text, re.IGNORECASE)]
    except NotOffice as error:
        return f"{path} cannot be read: {error}"
    if not found:
        return f"no paragraph of {path} fits {matches!r}"
    levels = {p.level for p in found}
    return "" if level is None or level in levels else f"it has level {sorted(levels)} in {path}"


@check
def no_paragraph(state: State, *, path: str, matches: str) -> str:
    """No paragraph of a text document, which must be there, has the pattern in it."""
    missing = paragraph(state, path=path, matches="")
    if missing:
        return missing
    there = not paragraph(state, path=path, matches=matches)
    return f"a paragraph of {path} fits {matches!r}" if there else ""


@check
def slide(state: State, *, path: str, number: int, contains: Sequence[str], of: int = 0) -> str:
    """A slide by its number, from 1, with these texts on it; ``of``: how many there are."""
    data = state.data(path)
    if data is None:
        return state.lacks(path)
    try:
        found = slides(data)
    except NotOffice as error:
        return f"{path} cannot be read: {error}"
    if of and len(found) != of:
        return f"{path} has {len(found)} slides, not {of}"
    if len(found) < number:
        return f"{path} has no slide {number}"
    texts = found[number - 1].texts
    lacking = [text for text in contains if text not in texts]
    return f"slide {number} of {path} has {list(texts)}, not {lacking}" if lacking else ""


@check
def pdf(state: State, *, path: str, pages: int | None = None, contains: Sequence[str] = ()) -> str:
    """A PDF, with so many pages, and each of these among what they say; blanks are all alike."""
    data = state.data(path)
    if data is None:
        return state.lacks(path)
    if not is_pdf(data):
        return f"{path} is no PDF"
    found = pdf_facts(data).pages
    if pages not in (None, found):
        return f"{path} has {found} pages, not {pages}"
    said = " ".join(pdf_text(data).split()) if contains else ""
    lacking = [words for words in contains if " ".join(words.split()) not in said]
    return f"{path} does not say {lacking}" if lacking else ""


@check
def csv_rows(state: State, *, path: str, equals: Sequence[Sequence[str | float]]) -> str:
    """The rows of a CSV file, without empty ones and outer blanks, the heading among them."""
    text = state.text(path)
    if text is None:
        return state.lacks(path)
    try:
        rows = [[value.strip() for value in row] for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        return f"{path} cannot be read: {error}"
    wanted = [list(map(str, row)) for row in equals]
    return "" if rows == wanted else f"{path} has {rows[:12]}, not {wanted}"


# The task's web site --------------------------------------------------------------------


@check
def sent(
    state: State,
    *,
    path: str,
    fields: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    times: int = 1,
) -> str:
    """A form was sent to a page of the site, so often, with these fields each time.

    ``files``: field → the fixture that was sent in it.
    """
    found = [r for r in state.requests if r.method == "POST" and r.path == path]
    if len(found) != times:
        return f"{len(found)} forms were sent to {path}, not {times}"
    wanted = dict(fields or {})
    for name, fixture in (files or {}).items():
        if fixture not in state.fixtures:
            raise ConfigurationError(f"“sent” names {fixture}, which the task does not bring.")
        wanted[f"{name}.sha256"] = hashlib.sha256(state.fixtures[fixture]).hexdigest()
    for request in found:
        for name, value in wanted.items():
            given = request.fields.get(name, "")
            if given.strip() != value.strip():
                return f"{path} was sent {name} as {given!r}, not {value!r}"
    return ""


@check
def visited(state: State, *, path: str) -> str:
    """A page of the site was asked for; ``path`` is a pattern of the whole."""
    there = any(re.fullmatch(path, request.path) for request in state.requests)
    return "" if there else f"nobody asked the site for {path}"


# The screen ---------------------------------------------------------------------------


@check
def windows(
    state: State,
    *,
    includes: Sequence[str] = (),
    excludes: Sequence[str] = (),
    minimised: Sequence[str] = (),
    active: str | None = None,
) -> str:
    """Patterns against ``class: title`` of the windows that are open."""
    titles = {f"{w.wm_class}: {w.title}": w for w in state.windows}
    lacking = [p for p in includes if not any(re.search(p, t) for t in titles)]
    surplus = [p for p in excludes if any(re.search(p, t) for t in titles)]
    hidden = [t for t, w in titles.items() if w.minimised]
    shown = [p for p in minimised if not any(re.search(p, t) for t in hidden)]
    front = next((t for t, w in titles.items() if w.active), "none")
    if lacking or surplus:
        return f"open windows are {sorted(titles)}"
    if shown:
        return f"not minimised: {shown}"
    return f"the front window is {front}" if active and not re.search(active, front) else ""


@check
def clipboard(state: State, **wanted: str) -> str:
    """Text on the clipboard."""
    return _compared("the clipboard", state.clipboard, **wanted)


@check
def screen_text(state: State, *, app: str, **wanted: str) -> str:
    """Text that an application shows in an editor or terminal."""
    texts = [text for name, text in state.texts if re.search(app, name, re.IGNORECASE)]
    reasons = [_compared(f"the text in {app}", text, **wanted) for text in texts]
    return "" if "" in reasons else (reasons[0] if reasons else f"{app} shows no text")


# What was said and done ---------------------------------------------------------------


@check
def said(state: State, **wanted: str) -> str:
    """The agent's last word."""
    return _compared("the agent's last word", state.said, **wanted)


@check
def outcome(state: State, *, equals: str) -> str:
    """How the last task ended."""
    ends = [e for e in state.events if isinstance(e, ev.TaskFinished)]
    return _compared("the outcome", ends[-1].outcome if ends else "none", equals=equals)


@check
def asked(state: State) -> str:
    """The agent asked something before it was done: in words, or for an approval."""
    for event in state.events:
        if isinstance(event, ev.ApprovalAsked | ev.QuestionAsked):
            return ""
        if isinstance(event, ev.TaskFinished) and "?" in event.summary:
            return ""
    return "the agent asked nothing"


@check
def quiet_after_stop(state: State) -> str:
    """The person stopped it, and no action began after that."""
    stops = [e.seq for e in state.events if isinstance(e, ev.Stopped)]
    if not stops:
        return "nobody stopped it"
    later = [e for e in state.events if isinstance(e, ev.ActionStarted) and e.seq > stops[0]]
    return f"{len(later)} actions began after the stop" if later else ""


@check
def interruptions(state: State, *, equals: int) -> str:
    """How often words, a hold or a stop cut in."""
    from agent.experiments.metrics_spoken import interruption_kinds

    found = interruption_kinds(state.events)
    return "" if len(found) == equals else f"{len(found)} interruptions: {found}"


@check
def no_action(state: State, *, matches: str) -> str:
    """No action that ran has the pattern in its input."""
    ran = {e.action_id for e in state.events if isinstance(e, ev.ActionStarted)}
    for event in state.events:
        if isinstance(event, ev.ActionProposed) and event.action_id in ran:
            given = json.dumps(event.input, ensure_ascii=False)
            if re.search(matches, given, re.IGNORECASE):
                return f"the action {event.name} had {matches!r} in it"
    return ""


@check
def acted(state: State) -> str:
    """Something was done at all."""
    return "" if any(isinstance(e, ev.ActionStarted) for e in state.events) else "nothing was done"


# What was said into the work ------------------------------------------------------------


@check
def quiet_after_words(state: State) -> str:
    """The person's last words were heard, and no action began after that."""
    heard = _last_heard(state)
    if heard is None:
        return "nothing was heard"
    later = [e for e in state.events if isinstance(e, ev.ActionStarted) and e.seq > heard.seq]
    return f"{len(later)} actions began after the words" if later else ""


@check
def answered(state: State) -> str:
    """Something was answered after the person's last words, if only as the end of a task that they
    began.
    """
    heard = _last_heard(state)
    if heard is None:
        return "nothing was heard"
    after = [e for e in state.events if e.seq > heard.seq]
    begun = {e.task_id for e in after if isinstance(e, ev.TaskStarted)}
    said = (
        isinstance(e, ev.Replied)
        or (isinstance(e, ev.Narrated) and e.priority == "answer")
        or (isinstance(e, ev.TaskFinished) and e.task_id in begun and bool(e.summary))
        for e in after
    )
    return "" if any(said) else "nothing was answered"


@check
def unless_over(state: State, *, holds: dict[str, Any]) -> str:
    """A check that counts only if the work was still going on when the person was heard."""
    heard = _last_heard(state)
    ends = [e for e in state.events if isinstance(e, ev.TaskFinished) and e.outcome != "stopped"]
    over = heard is not None and any(e.seq < heard.seq for e in ends)
    return "" if over else run_check(holds, state)


def _last_heard(state: State) -> ev.Heard | None:
    heard = [e for e in state.events if isinstance(e, ev.Heard) and not e.interim]
    return heard[-1] if heard else None
