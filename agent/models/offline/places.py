"""Programs and windows by the names that people use for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.desktop.base import Launcher, Window
from agent.models.offline.matching import EXACT, Scored, clear, likeness, plain, rank
from agent.models.offline.view import View
from agent.models.offline.words import lexicon

_OTHER = re.compile(r"(?:the )?other(?: one| window)?(?: than (.+))?", re.IGNORECASE)
_NOT_MEANT = ("settings", "preferences", "bulk rename")


@dataclass(frozen=True, slots=True)
class App:
    """A program as a person means it: how to call it aloud, and its launcher if it has one."""

    spoken: str
    launcher: Launcher
    names: tuple[str, ...]

    def owns(self, window: Window) -> bool:
        """Whether a window is this program's."""
        kind = plain(window.wm_class).replace(" ", "")
        stems = {self.launcher.id.rsplit(".", 1)[-1].lower(), *_program(self.launcher)}
        return any(stem and (stem in kind or kind in stem) for stem in stems)


def _program(launcher: Launcher) -> set[str]:
    name = launcher.command[0].rsplit("/", 1)[-1].lower() if launcher.command else ""
    return {name} - {"exo-open", "sh", "env", "python3", ""}


def apps(view: View) -> list[App]:
    """All programs that can be started; those people mean by a common name come first."""
    entries: list[dict[str, Any]] = lexicon()["apps"]
    by_id = {launcher.id.lower(): launcher for launcher in view.launchers}
    found: list[App] = []
    for entry in entries:
        ids = [i.lower() for i in entry["ids"]]
        launcher = next((by_id[i] for i in ids if i in by_id), None)
        if launcher is not None:
            names = (*entry["names"], launcher.name, launcher.generic_name)
            found.append(App(entry["spoken"], launcher, names))
    known = {app.launcher.id for app in found}
    for launcher in view.launchers:
        if launcher.id not in known:
            spoken = re.sub(r"\s*\(.*\)$", "", launcher.name)
            found.append(App(spoken, launcher, (launcher.name, launcher.generic_name)))
    return found


def find_apps(view: View, said: str) -> list[Scored[App]]:
    """The programs that a name may mean, best first; more than one if it is unclear.

    Of programs with the same name ("Text Editor"), the one that people usually mean.
    """
    if generic(said):
        return []
    named = [(name, app) for app in apps(view) for name in app.names if name]
    best: dict[str, Scored[App]] = {}
    for scored in rank(said, named):
        best.setdefault(scored.item.launcher.id, scored)
    meant = [s for s in best.values() if not _aside(s.item, said)]
    by_name: dict[str, Scored[App]] = {}
    for scored in clear(meant):
        by_name.setdefault(plain(scored.name), scored)
    return list(by_name.values())


def generic(said: str) -> bool:
    """Whether words name a kind of thing and none of its kind: "window", "the file"."""
    words = [word for word in plain(said).split() if word not in ("the", "a", "my", "this", "that")]
    return bool(words) and all(word in lexicon()["generic"] for word in words)


def _aside(app: App, said: str) -> bool:
    """Settings and tools of a program are meant only when they are named."""
    name = app.launcher.name.lower()
    return any(word in name and word not in said.lower() for word in _NOT_MEANT)


def find_windows(view: View, said: str) -> list[Window]:
    """Windows that a name may mean, topmost first: by program, else by title."""
    if other := _OTHER.fullmatch(said.strip()):
        return _others(view, other[1] or "")
    if generic(said):
        return []
    programs = list(reversed(view.programs))
    for scored in find_apps(view, said):
        if owned := [w for w in programs if scored.item.owns(w)]:
            return owned
    titles = [(part, w) for w in programs for part in _parts(w.title)]
    unique = {scored.item.id: scored.item for scored in clear(rank(said, titles))}
    return list(unique.values())


def is_titled(view: View, said: str) -> bool:
    """Whether the title of a window, or a part of it, is exactly these words."""
    parts = [part for window in view.programs for part in _parts(window.title)]
    return any(likeness(said, part) >= EXACT for part in parts)


def _others(view: View, than: str) -> list[Window]:
    """The topmost window besides those that a name means, or besides the one in front."""
    named = {w.id for w in find_windows(view, than)} if than else set()
    rest = [w for w in reversed(view.programs) if w.id not in named and (than or not w.active)]
    return sorted(rest, key=lambda window: window.minimised)[:1]


def _parts(title: str) -> list[str]:
    title = title.lstrip("*")
    parts = [p.strip() for p in re.split(r"\s+[-\N{EM DASH}\N{EN DASH}]\s+", title) if p.strip()]
    names = [p.rsplit("/", 1)[-1] for p in parts if "/" in p]
    stems = [stem[1] for p in (*parts, *names) if (stem := re.fullmatch(r"(.+)\.\w{1,5}", p))]
    return [title, *parts, *names, *(stem.rsplit("/", 1)[-1] for stem in stems)]


def call(view: View, window: Window) -> str:
    """What to call a window aloud: "the text editor", or its title."""
    owner = next((app for app in apps(view) if app.owns(window)), None)
    if owner is not None and owner.spoken in {e["spoken"] for e in lexicon()["apps"]}:
        return f"the {owner.spoken}"
    return f"the window {window.title}" if window.title else "a window without a name"


def near_apps(view: View, said: str, count: int = 4) -> list[str]:
    """Names of programs to offer when none was meant clearly, likeliest first."""
    usual = [app for app in apps(view) if not _aside(app, said)]
    usual.sort(key=lambda app: -max(likeness(said, name) for name in app.names if name))
    return [app.spoken for app in usual[:count]]


def place(view: View) -> str:
    """What to call where the keyboard is: a dialog, or the window in front."""
    dialog = next((d for d in view.dialogs if view.field and d in view.ancestors(view.field)), None)
    if dialog:
        return f"the {dialog.name} dialog" if dialog.name else "the dialog"
    return call(view, view.active) if view.active else "the window"
