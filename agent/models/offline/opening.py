"""A name after "open" or "go to": a program, a window, a folder, a file, or an address."""

from __future__ import annotations

import codecs
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from agent.desktop.base import Window, inside
from agent.disk import in_thread
from agent.models.offline import applications, switching
from agent.models.offline.applications import LOADED, go_to, is_address
from agent.models.offline.files import dotted, find_file, folder_path, newest
from agent.models.offline.places import call, find_apps, find_windows, is_titled
from agent.models.offline.pointing import click_label
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, capital, key, type_text
from agent.models.offline.view import View
from agent.models.offline.words import lexicon

_OPENING = 8
"""The phase in which a folder or file should have opened; later than those of `applications`."""

_START_SECONDS = 40.0
"""In which a program that the file manager starts must show its file; an office set takes long."""

_LOOKED_AT = 4096
"""Bytes of a file's beginning that tell whether it is a text."""

_VAGUE = ("it", "here", "that", "this", "one")


async def open_named(at: Moment) -> Step:
    """Open a program by its name, else a folder or a file, else an address."""
    name = at.slot("app")
    if at.phase in switching.PHASES or _is_switch(at, name):
        return await switching.switch(at.having(label=name, state="on"))
    return await _meant(at, name, applications.open_app, alike=not is_address(name))


def _is_switch(at: Moment, name: str) -> bool:
    """Whether "show line numbers" means a switch of the program in front."""
    shows = at.phase == 0 and at.command.said.lower().startswith("show")
    return shows and not _known(at, name) and switching.find(at.view, name) is not None


async def hide_named(at: Moment) -> Step:
    """Minimise a window; what is a switch of the program in front goes off."""
    name = at.slot("window")
    shown = at.phase == 0 and bool(name) and not find_windows(at.view, name)
    if at.phase in switching.PHASES or (shown and switching.find(at.view, name)):
        return await switching.switch(at.having(label=name, state="off"))
    return await applications.minimise(at)


async def switch_named(at: Moment) -> Step:
    """Go to a window, else to a folder, a file that is named with its ending, or an address."""
    return await _meant(at, at.slot("window"), applications.switch)


async def visit(at: Moment) -> Step:
    """Go to an address, or to a page that lies in the home; another file is opened."""
    name = at.slot("url")
    path = await _on_disk(at, name, alike=is_file_name(name))
    if path is not None and path.suffix.lower() in (".html", ".htm"):
        return await go_to(at.having(url=f"file://{quote(inside(at.desktop, path))}"))
    return await _meant(at, name, go_to)


async def _meant(
    at: Moment, name: str, otherwise: Callable[[Moment], Awaitable[Step]], *, alike: bool = False
) -> Step:
    """What is on the disk under a name, else what else the name may mean."""
    path = await _on_disk(at, name, alike=alike or is_file_name(name))
    if path is not None:
        return await _open(at, path)
    if not name or _known(at, name):
        return await otherwise(at)
    if is_file_name(name):
        return _no_file(name)
    return await (go_to(at.having(url=name)) if is_address(name) else otherwise(at))


def is_file_name(said: str) -> bool:
    """Whether a name can only be a file's: by its ending, which no address of the web has."""
    name = dotted(said.strip()).lower()
    folder, _, last = name.rpartition("/")
    return (
        "." not in folder and last.rpartition(".")[2] in lexicon()["file_endings"] and "." in last
    )


async def focus_on(at: Moment) -> Step:
    """Go to a window, else give a thing of the window in front the keyboard by one click."""
    if _known(at, at.slot("label")):
        return await applications.switch(at.having(window=at.slot("label")))
    return await click_label(at)


async def open_file(at: Moment) -> Step:
    """Open a file of the home."""
    path = await in_thread(find_file, at.desktop.home, at.slot("file"))
    return await _open(at, path) if path else _no_file(at.slot("file"))


def _no_file(name: str) -> Fail:
    return Fail(f"I see no file called {name} in your home folder.")


async def open_newest(at: Moment) -> Step:
    """Open the file of a folder that was changed last."""
    path = await in_thread(newest, at.desktop.home, at.slot("folder"))
    return path if isinstance(path, Fail) else await _open(at, path)


async def _on_disk(at: Moment, name: str, *, alike: bool) -> Path | None:
    """The folder or file that is meant, when no program and no window is."""
    if not name or (at.phase != _OPENING and _known(at, name)):
        return None
    return await in_thread(_find, at.desktop.home, name, alike)


def _known(at: Moment, name: str) -> bool:
    """Whether a program or a window is meant; of what may be an address, a window so titled."""
    if is_address(name) and not is_file_name(name):
        return at.phase != LOADED and is_titled(at.view, name)
    return bool(find_apps(at.view, name) or find_windows(at.view, name))


def _find(home: Path, name: str, alike: bool) -> Path | None:
    """A folder, or a file: one whose name is ``alike``, or exactly that with its ending."""
    if name.lower() in _VAGUE:
        return None
    folder = folder_path(home, name)
    if folder is not None and folder.is_dir() and (alike or not is_address(name)):
        return folder
    found = find_file(home, name)
    return found if found and (alike or found.name.lower() == dotted(name).lower()) else None


async def _open(at: Moment, path: Path) -> Step:
    """Through the text editor's own dialog, or by the file manager: type the path, look for it.

    The file manager opens what is no text with the program that the desktop has for its kind.
    """
    if at.phase == _OPENING:
        return await _opened(at, path)
    text = await in_thread(is_text, path)
    step = await applications.open_app(at.having(app="text editor" if text else "file manager"))
    if not isinstance(step, Done):
        return step
    calls = (
        key("ctrl+o" if text else "ctrl+l"),
        type_text(inside(at.desktop, path)),
        key("Return"),
    )
    return Act(f"Opening {path.name}.", calls, _OPENING, str(len(at.view.dialogs)))


def is_text(path: Path) -> bool:
    """Whether a file is one for the text editor: by what it begins with, and no drawing."""
    if path.is_dir() or (mimetypes.guess_type(path.name)[0] or "").startswith("image/"):
        return False
    try:
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    except OSError:
        return True
    return b"\0" not in start


async def _opened(at: Moment, path: Path) -> Step:
    if at.failure:
        return Fail(f"I could not open {path.name}: {at.failure}")
    dialogs = int(at.memo or 0)
    starts = not await in_thread(lambda: path.is_dir() or is_text(path))

    def asks(view: View) -> bool:
        return starts and len(view.dialogs) > dialogs

    def window(view: View) -> Window | None:
        named = [w for w in view.programs if path.name in w.title]
        return next((w for w in reversed(named) if w.active or asks(view)), None)

    await at.until(lambda v: window(v) or asks(v), _START_SECONDS if starts else 4.0)
    if (found := window(at.view)) is not None:
        return Done(f"{path.name} is open in {call(at.view, found)}.")
    asked = f" {capital(applications.asks(at.view))}" if asks(at.view) else ""
    return Fail(f"{path.name} has not opened.{asked}")
