"""Files, folders and commands: through the editor and shell tools, then a look at the disk."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from pathlib import Path

from agent.desktop.base import inside
from agent.models.offline.matching import clear, rank
from agent.models.offline.steps import (
    Act,
    Call,
    Done,
    Fail,
    Moment,
    Step,
    editor,
    listing,
    shell,
    shortened,
)
from agent.models.offline.words import lexicon

_IN_FOLDER = re.compile(
    r"\s+(?:in|into|inside) (?:the |my )?([\w ]+?)(?: folder| directory)?$", re.IGNORECASE
)
_NOT_IN_NAMES = re.compile(r"[/\x00-\x1f]+")
_MANY = 6
_LONGEST = 255
"""Bytes of a name."""

_AT_TOP = {"command": "insert", "insert_line": 0}
_EXIT = re.compile(r"\n?\[exit code (-?\d+)\]\s*$")
_DOTTED = re.compile(r"(?<=\w)\s*\b(?:dot|\.)\s+(?=\w{1,5}$)", re.IGNORECASE)


def file_name(said: str, extension: str = ".txt") -> str:
    """A file's name as a person says it ("notes dot txt", "shopping list")."""
    name = _DOTTED.sub(".", said.strip(" .,!?\"'"))
    name = _NOT_IN_NAMES.sub("-", name).lstrip(".-~ ") or "untitled"
    return name if re.search(r"\.\w{1,5}$", name) else name + extension


def folder_path(home: Path, said: str) -> Path | None:
    """The folder that words name: a well-known one, else one that exists in the home."""
    name = re.sub(r"\s+(?:folder|directory)$", "", said.strip().lower())
    name = re.sub(r"^(?:the|my|your) ", "", name)
    folders: dict[str, list[str]] = lexicon()["folders"]
    for folder, names in folders.items():
        if said.lower().strip() in names or name in names:
            return home / folder
    inside = [p for p in home.iterdir() if p.is_dir() and not p.name.startswith(".")]
    best = clear(rank(name, [(p.name, p) for p in inside]))
    return best[0].item if best else None


def _placed(home: Path, said: str) -> tuple[Path, str]:
    """Folder and remaining name of "invoice in the documents folder"."""
    match = _IN_FOLDER.search(said)
    folder = folder_path(home, match[1]) if match else None
    return (folder, said[: match.start()]) if match and folder else (home, said)


def _where(home: Path, folder: Path) -> str:
    return "your home folder" if folder == home else f"the folder {folder.relative_to(home)}"


def _too_long(path: Path) -> Fail | None:
    """What to say of a name that no file can have."""
    if len(os.fsencode(path.name)) <= _LONGEST:
        return None
    return Fail(
        f"The name “{shortened(path.name, 40)}” is too long: a name has at most {_LONGEST} "
        "letters, and fewer with accents. Give a shorter one."
    )


async def create_file(at: Moment) -> Step:
    """Write a file with the editor tool, and look whether it is there as told."""
    home = at.desktop.home
    folder, said = await asyncio.to_thread(_placed, home, at.slot("name"))
    path, text = folder / file_name(said), at.slot("text")
    if (refused := _too_long(path)) is not None:
        return refused
    if at.phase == 0:
        if not at.slot("replace") and not at.resuming and await asyncio.to_thread(path.exists):
            return Fail(
                f"There is a file called {path.name} already, so I changed nothing. "
                f"To overwrite it, say: replace the file {path.name} with, and the text."
            )
        return await _write(at, path, text)
    if at.failure:
        return Fail(f"I did not create {path.name}: {shortened(at.failure)}")
    if (have := await asyncio.to_thread(_read, path)) is None:
        return Fail(f"The file {path.name} is not there.")
    if have.strip() != text.strip():
        return Fail(f"The file {path.name} is there, but it does not hold that text.")
    says = f" It says: {shortened(text)}" if text else " It is empty."
    return Done(f"The file {path.name} is in {_where(home, folder)}.{says}")


async def _write(at: Moment, path: Path, text: str) -> Act:
    """Create a file, or put a text in place of all that one holds."""
    have = await asyncio.to_thread(_read, path)
    if have is None:
        call = editor(command="create", path=inside(at.desktop, path), file_text=text)
        return Act(f"Creating the file {path.name}.", (call,))
    call = editor(command="str_replace", path=inside(at.desktop, path), old_str=have, new_str=text)
    if not have:
        call = Call(
            call.name, {**_AT_TOP, "path": inside(at.desktop, path), "insert_text": text}, None
        )
    return Act(f"Replacing what {path.name} holds.", (call,))


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return None


async def create_folder(at: Moment) -> Step:
    """Make a folder with the shell, and look whether it is there."""
    home = at.desktop.home
    folder, said = await asyncio.to_thread(_placed, home, at.slot("name"))
    path = folder / file_name(said, "")
    if (refused := _too_long(path)) is not None:
        return refused
    if at.phase == 0:
        if await asyncio.to_thread(path.exists):
            return Done(f"There is a folder called {path.name} already.")
        inside = shlex.quote(str(path.relative_to(home)))
        return Act(f"Creating the folder {path.name}.", (shell(f"mkdir -- ~/{inside}"),))
    if at.failure:
        return Fail(f"I did not create the folder: {shortened(at.failure)}")
    if await asyncio.to_thread(path.is_dir):
        return Done(f"The folder {path.name} is in {_where(home, folder)}.")
    return Fail(f"The folder {path.name} is not there.")


async def list_files(at: Moment) -> Step:
    """List a folder with the shell, and read the listing back in short."""
    home = at.desktop.home
    folder = await asyncio.to_thread(folder_path, home, at.slot("folder"))
    if folder is None:
        if await asyncio.to_thread(find_file, home, at.slot("folder")):
            return await read_file(at.having(file=at.slot("folder")))
        return Fail(f"I see no folder called {at.slot('folder')}.")
    where = _where(home, folder)
    if at.phase == 0:
        inside = "" if folder == home else f"/{shlex.quote(str(folder.relative_to(home)))}"
        return Act(f"Listing the files in {where}.", (shell(f"ls ~{inside}"),))
    if at.failure:
        return Fail(f"I did not list the files: {shortened(at.failure)}")
    present = await asyncio.to_thread(_names, folder)
    names = [line.strip() for line in at.output.splitlines() if line.strip() in present]
    return Done(_told(names, where))


def _names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def _told(names: list[str], where: str) -> str:
    where = where[0].upper() + where[1:]
    if not names:
        return f"{where} is empty."
    if len(names) == 1:
        return f"{where} holds one thing: {names[0]}."
    shown = names[:_MANY]
    rest = len(names) - len(shown)
    told = listing([*shown, f"{rest} more"] if rest else shown)
    return f"{where} holds {len(names)} things: {told}."


async def read_file(at: Moment) -> Step:
    """Read a file of the home aloud, through the editor tool."""
    home = at.desktop.home
    path = await asyncio.to_thread(find_file, home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file called {at.slot('file')} in your home folder.")
    if at.phase == 0:
        return Act(
            f"Reading {path.name}.", (editor(command="view", path=inside(at.desktop, path)),)
        )
    if at.failure:
        return Fail(f"I could not read {path.name}: {shortened(at.failure)}")
    text = await asyncio.to_thread(_read, path)
    return Done(f"{path.name} says: {shortened(text, 400)}" if text else f"{path.name} is empty.")


def find_file(home: Path, said: str) -> Path | None:
    """The file of the home or its folders that words name, or None."""
    files = [p for pattern in ("*", "*/*") for p in home.glob(pattern) if _plain_file(p, home)]
    named = [(name, p) for p in files for name in (p.name, p.stem)]
    best = clear(rank(_DOTTED.sub(".", said), named))
    return best[0].item if best else None


def _plain_file(path: Path, home: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(home).parts)
    return not hidden and path.is_file()


async def run(at: Moment) -> Step:
    """Run a shell command, and read its output back in short."""
    if at.phase == 0:
        return Act("Running the command.", (shell(at.slot("command")),))
    if at.failure:
        return Fail(f"The command did not succeed: {shortened(at.failure, 300)}")
    output = shortened(_EXIT.sub("", at.output), 300)
    if ended := _EXIT.search(at.output):
        says = f" It says: {output}" if output else ""
        return Fail(f"The command ended with code {ended[1]}.{says}")
    return Done(f"The command ran. It says: {output}" if output else "The command ran.")
