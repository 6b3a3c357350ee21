"""Questions that need no hands: the time, sums, what is open, and what can be done at all."""

from __future__ import annotations

import ast
import operator
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.disk import in_thread
from agent.models.offline.files import folder_path
from agent.models.offline.places import call, find_apps, find_windows
from agent.models.offline.steps import Done, Fail, Moment, Step, capital, listing
from agent.models.offline.words import number

_GIGABYTE = 1e9
_LARGEST = 1e15
"""Results and operands beyond this are not read out."""

_WORDS = (
    (r"\bhalf of\b", " 0.5 * "),
    (r"\btwice\b", " 2 * "),
    (r"\b(?:a )?third of\b", " 1 / 3 * "),
    (r"\b(?:a )?quarter of\b", " 0.25 * "),
    (r"\bsquared\b", " ** 2 "),
    (r"\bto the power of\b", " ** "),
    (r"\bpercent of\b|%\s*of\b", " / 100 * "),
    (r"\bpercent\b|%", " / 100 "),
    (r"\b(?:plus|and)\b", " + "),
    (r"\b(?:minus|less)\b", " - "),
    (r"\b(?:times|multiplied by|x)\b|\N{MULTIPLICATION SIGN}", " * "),
    (r"\b(?:divided by|over)\b|\N{DIVISION SIGN}", " / "),
    (r"\bpoint\b", "."),
)
_ROOT = re.compile(r"^(?:the )?square root of ")
_LARGEST_POWER = 64


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _LARGEST_POWER or abs(base) > 1e6 or base < 0:
        raise ValueError("too large")
    return float(base**exponent)


_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: _power,
}


async def clock(at: Moment) -> Step:
    """The time of day, or the date, of the machine that Sayso runs on."""
    now = datetime.now().astimezone()
    match at.slot("what"):
        case "time":
            return Done(f"It is {now:%H:%M}.")
        case "tomorrow" | "yesterday" as day:
            then = now + timedelta(days=1 if day == "tomorrow" else -1)
            is_ = "is" if day == "tomorrow" else "was"
            return Done(f"{capital(day)} {is_} {then:%A}, {then.day} {then:%B %Y}.")
    return Done(f"It is {now:%A}, {now.day} {now:%B %Y}.")


def _spelled_numbers(text: str) -> str:
    """Numbers in words as digits: "twenty five times four" is "25 times 4"."""
    words, out = text.split(), []
    while words:
        length = next((n for n in (5, 4, 3, 2, 1) if _is_number(words[:n])), 0)
        if length:
            out.append(str(number(" ".join(words[:length]))))
        else:
            out.append(words[0])
        words = words[max(length, 1) :]
    return " ".join(out)


_NO_NUMBERS = {
    "a",
    "an",
    "to",
    "too",
    "for",
    "times",
    "of",
    "half",
    "few",
    "couple",
    "once",
    "twice",
}
"""Words that count something elsewhere, but are no operand of a sum."""


def _is_number(words: list[str]) -> bool:
    joined = " ".join(words)
    return (
        bool(re.fullmatch(r"[a-z -]+", joined))
        and not _NO_NUMBERS & set(words)
        and number(joined) is not None
    )


def calculate(said: str) -> float | None:
    """The result of a sum in words or signs; None if it is none."""
    text = _spelled_numbers(said.lower().strip(" .?!=").replace(",", ""))
    if root := _ROOT.match(text):
        text = f"{text[root.end() :]} to the power of 0.5"
    for words, sign in _WORDS:
        text = re.sub(words, sign, text)
    if not re.search(r"\d", text) or not re.search(r"[-+*/]", text):
        return None
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


def _value(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if abs(value) < _LARGEST:
            return value
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            result = _OPERATORS[type(op)](_value(left), _value(right))
            if abs(result) < _LARGEST:
                return result
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
    raise ValueError("no sum")


async def sum_(at: Moment) -> Step:
    """The result of a sum."""
    result = calculate(at.slot("sum"))
    if result is None:
        return Fail(f"“{at.slot('sum')}” is not a sum that I can work out.")
    return Done(f"It is {result:,.6f}".rstrip("0").rstrip(".") + ".")


async def disk(at: Moment) -> Step:
    """The room that is left for files of the home."""
    usage = await in_thread(shutil.disk_usage, at.desktop.home)
    return Done(f"{usage.free / _GIGABYTE:.1f} GB are free of {usage.total / _GIGABYTE:.1f} GB.")


async def count_windows(at: Moment) -> Step:
    """How many windows are open, and which."""
    names = [call(at.view, window) for window in reversed(at.view.programs)]
    if not names:
        return Done("No window is open.")
    if len(names) == 1:
        return Done(f"One window is open: {names[0]}.")
    return Done(f"{len(names)} windows are open: {listing(names)}.")


async def count_files(at: Moment) -> Step:
    """How many files and folders are in a folder."""
    folder = await in_thread(folder_path, at.desktop.home, at.slot("folder") or "home")
    if folder is None:
        return Fail(f"I see no folder called {at.slot('folder')}.")
    entries = await in_thread(lambda: [(p.name, p.is_dir()) for p in folder.iterdir()])
    shown = [folder_ for name, folder_ in entries if not name.startswith(".")]
    where = "your home folder" if folder == at.desktop.home else f"the folder {folder.name}"
    files, folders = shown.count(False), shown.count(True)
    parts = [_counted(files, "file"), _counted(folders, "folder")]
    return Done(f"{capital(where)} holds {listing(parts)}.")


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'s' if count != 1 else ''}"


async def is_open(at: Moment) -> Step:
    """Whether a program or window is open."""
    name = at.slot("window")
    windows = find_windows(at.view, name)
    if windows:
        where = "in front" if windows[0].active else "open"
        return Done(f"Yes, {call(at.view, windows[0])} is {where}.")
    if find_apps(at.view, name):
        return Done(f"No, {name} is not open.")
    return Fail(f"I know no program and see no window called {name}.")
