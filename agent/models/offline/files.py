"""Files, folders and commands: through the editor and shell tools, then a look at the disk."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent.desktop.base import inside
from agent.disk import in_thread
from agent.models.offline.dictation import dictated
from agent.models.offline.matching import clear, likeness, rank
from agent.models.offline.proposing import offer
from agent.models.offline.referring import is_it
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
    r"\s+(?:in|into|inside|from) (?:the |my )?([\w ]+?)(?: folder| directory)?$", re.IGNORECASE
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
    name = dotted(said.strip(" .,!?\"'"))
    name = _NOT_IN_NAMES.sub("-", name).lstrip(".-~ ") or "untitled"
    return name if re.search(r"\.\w{1,5}$", name) else name + extension


def dotted(said: str) -> str:
    """With the dot before the ending that was said: "notes dot txt"."""
    return _DOTTED.sub(".", said)


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


def placed(home: Path, said: str) -> tuple[Path, str]:
    """Folder and remaining name of "invoice in the documents folder"."""
    match = _IN_FOLDER.search(said)
    folder = folder_path(home, match[1]) if match else None
    return (folder, said[: match.start()]) if match and folder else (home, said)


def where(home: Path, folder: Path) -> str:
    """What to call a folder of the home aloud."""
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
    folder, said = await in_thread(placed, home, at.slot("name"))
    path, text = folder / file_name(said), at.slot("text")
    if (refused := _too_long(path)) is not None:
        return refused
    if at.phase == 0:
        if not at.slot("replace") and not at.resuming and await in_thread(path.exists):
            return Fail(
                f"There is a file called {path.name} already, so I changed nothing. "
                f"To overwrite it, say: replace the file {path.name} with, and the text."
            )
        return await _write(at, path, text)
    if at.failure:
        return Fail(f"I did not create {path.name}: {shortened(at.failure)}")
    if (have := await in_thread(_read, path)) is None:
        return Fail(f"The file {path.name} is not there.")
    if have.strip() != text.strip():
        return Fail(f"The file {path.name} is there, but it does not hold that text.")
    says = f" It says: {shortened(text)}" if text else " It is empty."
    return Done(f"The file {path.name} is in {where(home, folder)}.{says}")


async def append(at: Moment) -> Step:
    """Put a line at the end of a file with the editor tool, and look whether it is there."""
    name = at.slot("file") or at.slot("kind")
    path = await in_thread(find_file, at.desktop.home, name)
    if path is None:
        return Fail(f"I see no file called {name} in your home folder.")
    text, have = dictated(at.slot("text")), await in_thread(_read, path) or ""
    if at.phase == 0:
        gap = "" if not have or have.endswith("\n") else "\n"
        return await _write(at, path, f"{have}{gap}{text}\n")
    if at.failure:
        return Fail(f"I did not change {path.name}: {shortened(at.failure)}")
    if have.rstrip().splitlines()[-1:] == text.splitlines()[-1:]:
        return Done(f"The last line of {path.name} is now: {shortened(text)}")
    return Fail(f"{path.name} does not end with that.")


async def fact(at: Moment) -> Step:
    """Tell how large a file is, or when it was changed."""
    path = await in_thread(find_file, at.desktop.home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file called {at.slot('file')} in your home folder.")
    known = await in_thread(path.stat)
    if at.slot("what") == "size":
        return Done(f"{path.name} has {known.st_size} bytes.")
    changed = datetime.fromtimestamp(known.st_mtime).astimezone()
    return Done(f"{path.name} was changed on {changed:%-d %B %Y at %H:%M}.")


async def _write(at: Moment, path: Path, text: str) -> Act:
    """Create a file, or put a text in place of all that one holds."""
    have = await in_thread(_read, path)
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
    folder, said = await in_thread(placed, home, at.slot("name"))
    path = folder / file_name(said, "")
    if (refused := _too_long(path)) is not None:
        return refused
    if at.phase == 0:
        if await in_thread(path.exists):
            return Done(f"There is a folder called {path.name} already.")
        return Act(f"Creating the folder {path.name}.", (shell(f"mkdir -- {_quoted(home, path)}"),))
    if at.failure:
        return Fail(f"I did not create the folder: {shortened(at.failure)}")
    if await in_thread(path.is_dir):
        return Done(f"The folder {path.name} is in {where(home, folder)}.")
    return Fail(f"The folder {path.name} is not there.")


async def list_files(at: Moment) -> Step:
    """List a folder with the shell, and read the listing back in short."""
    home = at.desktop.home
    folder = await in_thread(folder_path, home, at.slot("folder"))
    if folder is None:
        if await in_thread(find_file, home, at.slot("folder")):
            return await read_file(at.having(file=at.slot("folder")))
        return Fail(f"I see no folder called {at.slot('folder')}.")
    place = where(home, folder)
    if at.phase == 0:
        inside = "~" if folder == home else _quoted(home, folder)
        return Act(f"Listing the files in {place}.", (shell(f"ls {inside}"),))
    if at.failure:
        return Fail(f"I did not list the files: {shortened(at.failure)}")
    present = await in_thread(_names, folder)
    names = [line.strip() for line in at.output.splitlines() if line.strip() in present]
    return Done(_told(names, place))


def _names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def _told(names: list[str], place: str) -> str:
    where = place[0].upper() + place[1:]
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
    path = await in_thread(find_file, home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file called {at.slot('file')} in your home folder.")
    if at.phase == 0:
        return Act(
            f"Reading {path.name}.", (editor(command="view", path=inside(at.desktop, path)),)
        )
    if at.failure:
        return Fail(f"I could not read {path.name}: {shortened(at.failure)}")
    text = await in_thread(_read, path)
    return Done(f"{path.name} says: {shortened(text, 400)}" if text else f"{path.name} is empty.")


def find_file(home: Path, said: str) -> Path | None:
    """The file of the home or its folders that words name, or None."""
    files = [p for pattern in ("*", "*/*") for p in home.glob(pattern) if _plain_file(p, home)]
    if (found := _called(files, said)) is not None:
        return found
    folder, name = placed(home, said)
    return _called([p for p in files if p.parent == folder], name) if name != said else None


def _called(files: Sequence[Path], said: str) -> Path | None:
    named = [(name, p) for p in files for name in (p.name, p.stem)]
    best = clear(rank(dotted(said), named))
    return best[0].item if best else None


def _plain_file(path: Path, home: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(home).parts)
    return not hidden and path.is_file()


async def offered(at: Moment, verb: str, name: str) -> str:
    """The question whether a file is meant, where there is one of exactly that name; or nothing."""
    path = await in_thread(find_path, at.desktop.home, name)
    if path is None or _doubted(path, re.sub(r"^(?:the|my) ", "", name)) is not None:
        return ""
    kind = "folder" if await in_thread(path.is_dir) else "file"
    return offer([f"{verb} the {kind} {path.name}"])


async def change(at: Moment) -> Step:
    """Rename, move, copy or delete a file or folder with the shell, and look what became of it.

    The memo tells where it was and where it goes: afterwards it may have gone.
    """
    if at.phase:
        return await _changed(at)
    home, what = at.desktop.home, at.slot("what")
    named = _meant(at)
    if isinstance(named, Fail):
        return named
    source = await in_thread(find_path, home, named)
    if source is None:
        return Fail(f"I see no file or folder called {named} in your home folder.")
    if what == "delete":
        if (doubt := _doubted(source, named)) is not None:
            return doubt
        command = f"gio trash -- {_quoted(home, source)}"
        return Act(f"Moving {source.name} to the trash.", (shell(command),), 1, _mark(source))
    target = await in_thread(_target, at, source)
    if isinstance(target, Fail):
        return target
    if (refused := _too_long(target)) is not None:
        return refused
    if await in_thread(target.exists):
        return Fail(
            f"There is something called {target.name} in {where(home, target.parent)} already, "
            "so I changed nothing."
        )
    verb = "cp -rn" if what in ("copy", "duplicate") else "mv -n"
    command = f"{verb} -- {_quoted(home, source)} {_quoted(home, target)}"
    doing = {"rename": "Renaming", "move": "Moving"}.get(what, "Copying")
    memo = f"{_mark(source)}x{_mark(target)}"
    return Act(f"{doing} {source.name}.", (shell(command),), 1, memo)


def _meant(at: Moment) -> str | Fail:
    """The name of a file; of "it", what is selected in the window in front."""
    named = at.slot("file")
    if named and not is_it(named):
        return named
    chosen = at.view.chosen
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        return Fail(f"Several are selected: {listing(chosen[:_MANY])}. Say the name of one.")
    return Fail("I do not know which file you mean: none is selected. Say its name.")


_CERTAIN = 98.0
"""Likeness from which a name is certain enough to throw a file away by."""


def _doubted(path: Path, said: str) -> Fail | None:
    """A question in place of throwing away what is only called nearly so."""
    spoken = _DOTTED.sub(".", said)
    if max(likeness(spoken, name) for name in (path.name, path.stem)) >= _CERTAIN:
        return None
    return Fail(
        f"I see no “{said}”. Did you mean {path.name}? Then say: delete the file {path.name}."
    )


def _target(at: Moment, source: Path) -> Path | Fail:
    """Where a file is to go."""
    home, what = at.desktop.home, at.slot("what")
    if what == "rename":
        return source.with_name(file_name(at.slot("name"), source.suffix))
    if what == "duplicate" and at.slot("name"):
        return source.with_name(file_name(at.slot("name"), source.suffix))
    if what == "duplicate":
        names = [
            f"{source.stem} copy{n}{source.suffix}" for n in ("", *(f" {i}" for i in range(2, 100)))
        ]
        return next((p for n in names if not (p := source.with_name(n)).exists()), source)
    folder = folder_path(home, at.slot("folder"))
    if folder is None or not folder.is_dir():
        return Fail(f"I see no folder called {at.slot('folder')}, so I changed nothing.")
    return folder / source.name


def _quoted(home: Path, path: Path) -> str:
    return f"~/{_shell_word(str(path.relative_to(home)))}"


def _shell_word(name: str) -> str:
    """A name as one word of bash, though it be no UTF-8 and so no text that can be sent."""
    if name == name.encode("utf-8", "replace").decode():
        return shlex.quote(name)
    return "$'" + "".join(f"\\x{byte:02x}" for byte in os.fsencode(name)) + "'"


def _mark(path: Path) -> str:
    """A file's place in few letters: its parent's name is not needed to look it up again."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


async def _changed(at: Moment) -> Step:
    """What became of it, by what is on the disk now."""
    home, what, name = at.desktop.home, at.slot("what"), at.slot("file")
    if at.failure:
        return Fail(f"That was not done: {shortened(at.failure)}")
    if ended := _EXIT.search(at.output):
        said = shortened(_EXIT.sub("", at.output), 200)
        return Fail(f"The command ended with code {ended[1]}. {said}")
    paths = await in_thread(_paths, home)
    was, _, goes = at.memo.partition("x")
    still = next((p for p in paths if _mark(p) == was), None)
    if what == "delete":
        return Fail(f"{still.name} is still there.") if still else await _trashed(home, name)
    there = next((p for p in paths if _mark(p) == goes), None)
    if what in ("copy", "duplicate") and still is None:
        return Fail(f"{name} is not there any more.")
    if what in ("move", "rename") and still is not None:
        return Fail(f"{still.name} is still where it was.")
    if there is None:
        return Fail("I see nothing where it should be now.")
    match what:
        case "rename":
            return Done(f"It is called {there.name} now.")
        case "duplicate":
            return Done(f"The copy is called {there.name}.")
    return Done(f"{there.name} is in {where(home, there.parent)} now.")


async def _trashed(home: Path, said: str) -> Done:
    """That a file is gone, and in the trash if it is there."""
    if not said or is_it(said):
        return Done("It is not there any more.")
    trash = home / ".local/share/Trash/files"
    names = await in_thread(lambda: [p.name for p in trash.glob("*")])
    named = [(n, name) for name in names for n in (name, Path(name).stem)]
    best = clear(rank(dotted(said), named))
    return Done(f"{best[0].item} is in the trash." if best else f"{said} is gone.")


def _paths(home: Path) -> list[Path]:
    """Files and folders of the home and of its folders."""
    found = [p for pattern in ("*", "*/*") for p in home.glob(pattern)]
    return [p for p in found if not any(x.startswith(".") for x in p.relative_to(home).parts)]


def find_path(home: Path, said: str) -> Path | None:
    """The file or folder that words name, files first; None if none or several are meant."""
    name = re.sub(r"^(?:the |my )?(?:file|folder|document|picture|photo) ", "", said.strip())
    file = find_file(home, name)
    if file is not None:
        return file
    folder = folder_path(home, name)
    return folder if folder is not None and folder != home and folder.is_dir() else None


async def find(at: Moment) -> Step:
    """Say where a file is."""
    home = at.desktop.home
    path = await in_thread(find_path, home, at.slot("file"))
    if path is None:
        return Fail(f"I see no file or folder called {at.slot('file')} in your home folder.")
    return Done(f"{path.name} is in {where(home, path.parent)}.")


def newest(home: Path, said: str) -> Path | Fail:
    """The file of a folder that was changed last."""
    folder = folder_path(home, said)
    if folder is None or not folder.is_dir():
        return Fail(f"I see no folder called {said}.")
    files = [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    if not files:
        return Fail(f"There is no file in {where(home, folder)}.")
    return max(files, key=lambda p: p.stat().st_mtime)


async def name_newest(at: Moment) -> Step:
    """Say which file of a folder was changed last."""
    path = await in_thread(newest, at.desktop.home, at.slot("folder"))
    if isinstance(path, Fail):
        return path
    return Done(f"{path.name} in {where(at.desktop.home, path.parent)} was changed last.")


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
