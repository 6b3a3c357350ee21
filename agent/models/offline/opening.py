"""A name after "open" or "go to": a program, a window, else a folder or a file of the home."""

from __future__ import annotations

from pathlib import Path

from agent.desktop.base import inside
from agent.disk import in_thread
from agent.models.offline import applications
from agent.models.offline.files import find_file, folder_path, newest
from agent.models.offline.places import call, find_apps, find_windows
from agent.models.offline.pointing import click_label
from agent.models.offline.steps import Act, Done, Fail, Moment, Step, key, type_text
from agent.models.offline.view import View

_OPENING = 8
"""The phase in which a folder or file should have opened; later than those of `applications`."""

_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".svg")
_VAGUE = ("it", "here", "that", "this", "one")


async def open_named(at: Moment) -> Step:
    """Open a program by its name, else a folder or a file."""
    path = await _on_disk(at, at.slot("app"))
    return await _open(at, path) if path else await applications.open_app(at)


async def switch_named(at: Moment) -> Step:
    """Go to a window, else to a folder."""
    path = await _on_disk(at, at.slot("window"), files=False)
    return await _open(at, path) if path else await applications.switch(at)


async def focus_on(at: Moment) -> Step:
    """Go to a window, else give a thing of the window in front the keyboard by one click."""
    if _known(at, at.slot("label")):
        return await applications.switch(at.having(window=at.slot("label")))
    return await click_label(at)


async def open_file(at: Moment) -> Step:
    """Open a file of the home in the text editor."""
    path = await in_thread(find_file, at.desktop.home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file called {at.slot('file')} in your home folder.")
    return await _open(at, path)


async def open_newest(at: Moment) -> Step:
    """Open the file of a folder that was changed last."""
    path = await in_thread(newest, at.desktop.home, at.slot("folder"))
    return path if isinstance(path, Fail) else await _open(at, path)


async def _on_disk(at: Moment, name: str, *, files: bool = True) -> Path | None:
    """The folder or file that is meant, when no program and no window is."""
    if not name or (at.phase != _OPENING and _known(at, name)):
        return None
    return await in_thread(_find, at.desktop.home, name, files)


def _known(at: Moment, name: str) -> bool:
    return bool(find_apps(at.view, name) or find_windows(at.view, name))


def _find(home: Path, name: str, files: bool) -> Path | None:
    if name.lower() in _VAGUE:
        return None
    folder = folder_path(home, name)
    if folder is not None and folder.is_dir():
        return folder
    return find_file(home, name) if files else None


async def _open(at: Moment, path: Path) -> Step:
    """Through the program's own dialog, or the file manager: type the path, look for the window.

    The file manager opens a picture with its viewer, whose own dialog takes no path.
    """
    if at.phase == _OPENING:
        return await _opened(at, path)
    located = path.suffix.lower() in _PICTURES or await in_thread(path.is_dir)
    program = "file manager" if located else "text editor"
    step = await applications.open_app(at.having(app=program))
    if not isinstance(step, Done):
        return step
    calls = (
        key("ctrl+l" if located else "ctrl+o"),
        type_text(inside(at.desktop, path)),
        key("Return"),
    )
    return Act(f"Opening {path.name}.", calls, _OPENING)


async def _opened(at: Moment, path: Path) -> Step:
    if at.failure:
        return Fail(f"I could not open {path.name}: {at.failure}")

    def shown(view: View) -> bool:
        return view.active is not None and path.name in view.active.title

    if await at.until(shown, 4.0) and at.view.active is not None:
        return Done(f"{path.name} is open in {call(at.view, at.view.active)}.")
    return Fail(f"{path.name} has not opened.")
