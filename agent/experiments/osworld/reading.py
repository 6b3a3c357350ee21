"""OSWorld's JSON as what a task of the Lab is made of; or why that is not possible, in sentences.

Home is ``/home/user`` there as on our desktops. Paths are taken as they are.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from agent.experiments.osworld.keystrokes import NotPlain, steps_of
from agent.experiments.plan.task import Step

Plain = Mapping[str, Any]

HOME = PurePosixPath("/home/user")
OUTPUTS = ".osworld"
"""Below the home: what the evaluator's commands printed."""

_WRITER, _CALC, _IMPRESS = "--writer", "--calc", "--impress"
_OFFICE = {
    **dict.fromkeys((".doc", ".docx", ".odt", ".rtf"), _WRITER),
    **dict.fromkeys((".xls", ".xlsx", ".ods", ".csv", ".tsv"), _CALC),
    **dict.fromkeys((".ppt", ".pptx", ".odp"), _IMPRESS),
}
_TEXTS = frozenset({"", ".txt", ".md", ".py", ".json", ".xml", ".html", ".sh", ".log", ".ini"})
_FOREIGN = (
    (re.compile(r"\bsudo\b|\bsystemctl\b|\bapt(-get)?\b|CLIENT_PASSWORD"), "an administrator"),
    (re.compile(r"\bgsettings\b|\bgnome\b|\bgnome-|\bdconf\b"), "GNOME's own settings"),
    (re.compile(r"\{SCREEN_(WIDTH|HEIGHT)"), "places on a screen of its own size"),
    (re.compile(r"pyautogui|\bxdotool\b|\bwmctrl\b"), "hands on the screen within other code"),
)
_BROWSER = re.compile(r"(google-)?chrome|chromium|socat|firefox")
_LONGEST_PAUSE = 30.0


@dataclass
class Evaluation:
    """How an end is judged: OSWorld's functions with what they are given."""

    functions: list[str] = field(default_factory=list)
    conj: str = "and"
    results: list[Plain] = field(default_factory=list)
    """Each ``{"files": [[path below the home, name], …], "gives": […]}`` or ``{"output": n}``."""

    expected: list[Plain] = field(default_factory=list)
    """Each ``{"rules": …}``, ``{"gold": [name, …], "gives": […]}`` or empty."""

    options: list[Plain] = field(default_factory=list)


@dataclass
class Reading:
    """A task of OSWorld, read."""

    id: str = ""
    instruction: str = ""
    apps: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Path below the home → where it comes from: an address, or a path beside the JSON."""

    gold: dict[str, str] = field(default_factory=dict)
    """Name → where it comes from, of files that only the checks see."""

    setup: list[Step] = field(default_factory=list)
    closing: list[Step] = field(default_factory=list)
    programs: set[str] = field(default_factory=set)
    evaluation: Evaluation = field(default_factory=Evaluation)
    why: list[str] = field(default_factory=list)
    """What cannot be taken over, a clause each; empty: all of it can."""


def read(given: object) -> Reading:
    """What a task is made of. Never raises: whatever is wrong stands in its `why`."""
    found = Reading()
    if not isinstance(given, dict):
        found.why.append("it is no JSON object")
        return found
    found.id = str(given.get("id", ""))
    found.instruction = str(given.get("instruction", "")).strip()
    found.apps = [str(app) for app in _listed(given.get("related_apps"))]
    if not found.id or not found.instruction:
        found.why.append("it has no id or no instruction")
    if given.get("proxy"):
        found.why.append("it needs the live web")
    evaluator = given.get("evaluator")
    evaluator = evaluator if isinstance(evaluator, dict) else {}
    for part, entries in (("setup", given.get("config")), ("closing", evaluator.get("postconfig"))):
        for entry in _listed(entries):
            _collect(found, lambda e=entry, p=part: _prepare(found, p, e))  # type: ignore[misc]
    _collect(found, lambda: _evaluate(found, evaluator))
    found.why = list(dict.fromkeys(found.why))
    return found


def _collect(found: Reading, work: Callable[[], None]) -> None:
    try:
        work()
    except NotPlain as error:
        found.why.append(str(error))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found.why.append(f"its JSON is not as OSWorld's ({type(error).__name__}: {error})")


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


# Set-up and what comes after the work -----------------------------------------------------


def _prepare(found: Reading, part: str, entry: Plain) -> None:
    kind, given = str(entry["type"]), entry.get("parameters") or {}
    steps: list[Step] = getattr(found, part)
    if kind in ("download", "upload_file"):
        if part == "closing":
            raise NotPlain("it brings files after the work")
        for one in given["files"]:
            found.files[below_home(one["path"])] = str(one.get("url") or one["local_path"])
    elif kind in _STEPS:
        steps += _STEPS[kind](found, given)
    else:
        raise NotPlain(f"its {'set-up' if part == 'setup' else 'end'} needs “{kind}”")


def _launched(found: Reading, given: Plain) -> list[Step]:
    command = given["command"]
    argv = shlex.split(command) if isinstance(command, str) else [str(one) for one in command]
    if given.get("shell"):
        argv = ["sh", "-c", command if isinstance(command, str) else shlex.join(argv)]
    if not argv:
        return []
    text = " ".join(argv)
    _ours(text)
    if _BROWSER.search(text):
        raise NotPlain("it works in a browser that is controlled from outside")
    if argv[0] != "sh":
        found.programs.add(argv[0])
    return [{"run": argv}]


def _opened(found: Reading, given: Plain) -> list[Step]:
    path = PurePosixPath(str(given["path"]))
    below_home(str(path))
    if path.suffix.lower() in _OFFICE:
        argv = ["libreoffice", _OFFICE[path.suffix.lower()], str(path)]
    elif path.suffix.lower() in _TEXTS:
        argv = ["mousepad", str(path)]
    else:
        raise NotPlain(f"it opens a {path.suffix} file, for which no program is named")
    found.programs.add(argv[0])
    return [{"run": argv}, {"activate": re.escape(path.stem)}]


def _executed(found: Reading, given: Plain) -> list[Step]:
    if given.get("until"):
        raise NotPlain("it repeats a command until something holds")
    command = given["command"]
    parts = [str(one) for one in command] if isinstance(command, list) else []
    code = parts[2] if len(parts) > 2 and parts[1] == "-c" else ""
    if parts and parts[0].startswith("python") and "pyautogui" in code:
        _ours(code.replace("pyautogui", ""))
        return steps_of(code)
    return [{"shell": f"( {_shell(given)} ) || true"}]


def _shell(given: Plain) -> str:
    """A command as a shell takes it; what has no place on our desktops is refused."""
    command = given["command"]
    text = shlex.join(map(str, command)) if isinstance(command, list) else str(command)
    _ours(text)
    return text


def _ours(text: str) -> None:
    for pattern, what in _FOREIGN:
        if pattern.search(text):
            raise NotPlain(f"it needs {what}: {text[:60]}")


def _slept(found: Reading, given: Plain) -> list[Step]:
    return [{"pause": min(float(given["seconds"]), _LONGEST_PAUSE)}]


def _activated(found: Reading, given: Plain) -> list[Step]:
    if given.get("by_class"):
        raise NotPlain("it looks for a window by its class")
    name = re.escape(str(given["window_name"]))
    return [{"activate": re.sub(r"(\\?\s)(\\-|—|–)(\\?\s)", " [-–—] ", name)}]  # noqa: RUF001


_STEPS: Mapping[str, Callable[[Reading, Plain], list[Step]]] = {
    "launch": _launched,
    "open": _opened,
    "execute": _executed,
    "command": _executed,
    "sleep": _slept,
    "activate_window": _activated,
}


def below_home(path: str) -> str:
    """A path of OSWorld's, from the home on.

    Raises:
        NotPlain: it lies elsewhere.
    """
    whole = PurePosixPath(path.replace("~", str(HOME), 1) if path.startswith("~/") else path)
    if ".." in whole.parts or not whole.is_relative_to(HOME):
        raise NotPlain(f"it uses {path}, outside the home folder")
    return str(whole.relative_to(HOME))


# The evaluator ------------------------------------------------------------------------------


def _evaluate(found: Reading, evaluator: Plain) -> None:
    into = found.evaluation
    functions = evaluator.get("func")
    if not functions:
        raise NotPlain("it has no evaluator")
    many = isinstance(functions, list)
    into.functions = [str(name) for name in _listed(functions)]
    if "infeasible" in into.functions:
        raise NotPlain("it cannot be done, which OSWorld's agents say by an action of their own")
    into.conj = str(evaluator.get("conj", "and"))
    into.results = [_result(found, one) for one in _each(evaluator, "result", many)]
    into.expected = [_expected(found, one) for one in _each(evaluator, "expected", many)]
    into.options = [one or {} for one in _each(evaluator, "options", many)]
    count = len(into.functions)
    into.expected = into.expected or [{}] * count
    into.options = into.options or [{}] * count
    if {len(into.results), len(into.expected), len(into.options)} != {count}:
        raise NotPlain("its evaluator has not one result for each function")


def _each(evaluator: Plain, what: str, many: bool) -> Sequence[Any]:
    given = evaluator.get(what)
    if not given:
        return []
    return _listed(given) if many else [given]


def _result(found: Reading, given: Plain) -> Plain:
    match given["type"]:
        case "vm_file":
            if given.get("time_suffix"):
                raise NotPlain("it names a file by the time")
            pairs = _pairs(given)
            return {"files": [[below_home(path), name] for path, name in pairs], **_gives(given)}
        case "vm_command_line":
            number = sum(OUTPUTS in str(step.get("shell", "")) for step in found.closing)
            command = _shell(given)
            found.closing.append(
                {"shell": f"mkdir -p ~/{OUTPUTS}; ( {command} ) > ~/{OUTPUTS}/{number} || true"}
            )
            return {"output": f"{OUTPUTS}/{number}"}
        case kind:
            raise NotPlain(f"it is judged by “{kind}”")


def _expected(found: Reading, given: Plain) -> Plain:
    if not given:
        return {}
    match given["type"]:
        case "rule":
            return {"rules": given["rules"]}
        case "cloud_file":
            pairs = _pairs(given)
            found.gold |= {name: source for source, name in pairs}
            return {"gold": [name for _, name in pairs], **_gives(given)}
        case kind:
            raise NotPlain(f"its end is compared with “{kind}”")


def _pairs(given: Plain) -> list[tuple[str, str]]:
    paths: Iterable[str] = given["path"] if given.get("multi") else [given["path"]]
    names: Iterable[str] = given["dest"] if given.get("multi") else [given["dest"]]
    return [(str(path), _plain_name(name)) for path, name in zip(paths, names, strict=True)]


def _plain_name(name: object) -> str:
    text = str(name)
    if not text or "/" in text or text.startswith("."):
        raise NotPlain(f"it calls a file “{text}”")
    return text


def _gives(given: Plain) -> dict[str, list[int]]:
    return {"gives": [int(one) for one in given.get("gives", [0])]}


def reasons(readings: Iterable[Reading]) -> Iterator[tuple[str, int]]:
    """Why tasks cannot be taken over, without what differs from task to task; the commonest first.

    Each task counts once, by the first of its reasons.
    """
    counts: dict[str, int] = {}
    for one in readings:
        if one.why:
            short = re.split(r"[:(]", one.why[0])[0].strip()
            counts[short] = counts.get(short, 0) + 1
    yield from sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
