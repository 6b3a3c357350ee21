"""The editor tool (``text_editor_20250728``) for files in the desktop's home folder.

Wordings of results and errors are those that models know from the reference tool. Files
keep their line ends, tabs and encoding; every change can be undone with ``undo_edit``.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, BinaryIO, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from agent.content.contents import BEGINNING, fitted, looks_like_picture
from agent.content.pdf import PAGES_READER, is_pdf, pdf_facts
from agent.desktop.base import Desktop, inside
from agent.disk import in_thread
from agent.errors import BadInput, DesktopError, FilesError, ToolError
from agent.models.base import ToolSpec
from agent.permit import check_permit
from agent.sanitize import read_json
from agent.tools import coordinates, inputs
from agent.tools.base import Intent, ToolCall, ToolResult, Whole
from agent.tools.confine import ConfinedFolder
from agent.tools.text import VIEW_CAP, TextFile, numbered, view

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

FILE_CAP = 4 << 20
"""Bytes of a text file that is edited or made. Parts of larger ones can be viewed."""

_DOCUMENT_CAP = 64 << 20
"""Bytes of a picture or a PDF that is viewed."""

_WHOLE_CAP, _WHOLE_PAGES = 4 << 20, 20
"""Bytes and pages of a PDF of scans that a model is given as it is."""

_MOST_LINES = 1 << 40
_LONGEST = 1280
"""Pixels of a picture's longer side; larger ones are scaled down."""

_PDF_PATIENCE = 40.0
_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")
_LIST_CAP = 500
_UNDO_STEPS = 50
_UNDO_BYTES = 64 << 20
_SNIPPET = 4
"""Lines shown before and after an edit."""


def _line_number(value: Any) -> int:
    """A whole number, also one that is written as text; a long log has many lines."""
    number = coordinates.as_number(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise PydanticCustomError("whole", "it must be a whole number")
    if not abs(number) <= _MOST_LINES:
        raise PydanticCustomError("whole", "it is far out of range")
    return coordinates.rounded(number)


Line = Annotated[int, BeforeValidator(_line_number)]
Lines = Annotated[list[Line], BeforeValidator(coordinates.parts, json_schema_input_type=list[int])]


class Edit(BaseModel):
    """Input of ``str_replace_based_edit_tool``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Literal["view", "create", "str_replace", "insert", "undo_edit"]
    path: str = Field(max_length=4000, description="Path of the file, in the home folder.")
    view_range: Lines | None = Field(
        None, description="For view: first and last line (of PDFs: page), from 1; -1: the end."
    )
    file_text: str | None = Field(None, description="For create: the file's text; replaces a file.")
    old_str: str | None = Field(
        None, description="For str_replace: the text to replace; exact and unique."
    )
    new_str: str | None = Field(None, description="For str_replace: the new text.")
    insert_line: Line | None = Field(
        None, description="For insert: the line after which to insert; 0 for the beginning."
    )
    insert_text: str | None = Field(None, description="For insert: the text.")


class EditorTool:
    """Views and edits files below the desktop's home folder."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._turn = asyncio.Lock()
        self._history: deque[tuple[tuple[str, ...], bytes | None]] = deque(maxlen=_UNDO_STEPS)

    @property
    def spec(self) -> ToolSpec:
        return ToolSpec(
            name="str_replace_based_edit_tool",
            description=(
                "View, create and edit files in the home folder of the desktop: text with line "
                "numbers, folders two levels deep, pictures, and PDFs page by page. Large files "
                "are viewed in parts (view_range). undo_edit takes back the last change to a file."
            ),
            members={"str_replace_based_edit_tool": inputs.schema(Edit)},
            hosted="text_editor_20250728",
        )

    async def intent(self, call: ToolCall) -> Intent:
        """The command as the action, and the path."""
        command, path = call.input.get("command"), call.input.get("path")
        target = {"path": path} if isinstance(path, str) else {}
        action = command if isinstance(command, str) else ""
        return Intent("str_replace_based_edit_tool", action, target, harmless=action == "view")

    async def run(self, call: ToolCall, output: Callable[[str], None]) -> ToolResult:
        """View or change a file. Never raises but for cancellation."""
        try:
            given = inputs.read(Edit, "str_replace_based_edit_tool", call.input)
            async with self._turn:
                return await in_thread(self._do, given)
        except (ToolError, DesktopError) as error:
            return ToolResult.of(error)
        except Exception as error:  # noqa: BLE001 - the border: our fault must not end the run
            _log.exception("the editor failed")
            return ToolResult(f"The editor failed inside the tool: {error!r}.", is_error=True)

    async def close(self) -> None:
        """Forget what could be undone."""
        self._history.clear()

    # In a thread --------------------------------------------------------------------

    def _do(self, given: Edit) -> ToolResult:
        home = self._desktop.home
        folder = ConfinedFolder(home, inside(self._desktop, home))
        given = _by_bytes(folder, given)
        kind = folder.kind(given.path)
        if kind == "link":
            raise ToolError(
                f"{given.path} is a symbolic link. Links are not followed; give the real path.",
                shown=f"Not done: {given.path} is a symbolic link, which is not followed.",
            )
        if given.command == "view":
            return self._view(folder, given, kind)
        if kind == "folder":
            raise ToolError(
                f"The path {given.path} is a directory and only the `view` command can be used "
                "on directories",
                shown=f"Not done: {given.path} is a folder.",
            )
        actions: dict[str, Callable[..., str | ToolResult]] = {
            "create": self._create,
            "str_replace": self._replace,
            "insert": self._insert,
            "undo_edit": self._undo,
        }
        made = actions[given.command](folder, given)
        return made if isinstance(made, ToolResult) else ToolResult(made)

    def _view(self, folder: ConfinedFolder, given: Edit, kind: str) -> ToolResult:
        if kind == "folder":
            if given.view_range is not None:
                raise BadInput(
                    "The `view_range` parameter is not allowed when `path` points to a directory.",
                    shown=f"Not done: {given.path} is a folder.",
                )
            names = folder.listing(given.path, 2, _LIST_CAP)
            more = "\n… (more is left out)" if len(names) >= _LIST_CAP else ""
            return ToolResult(
                f"Here's the files and directories up to 2 levels deep in {given.path}, "
                f"excluding hidden items:\n{chr(10).join(names)}{more}\n"
            )
        with folder.opened(given.path) as (file, size):
            beginning = file.read(BEGINNING)
            file.seek(0)
            if is_pdf(beginning):
                _bounded(given.path, size)
                found = _pages(given.path, file.fileno(), given.view_range)
                if found.image is None or given.view_range is not None:
                    return found
                return replace(found, whole=_whole(given.path, file, size))
            if looks_like_picture(file):
                _bounded(given.path, size)
                return _picture(given.path, file)
            return ToolResult(view(given.path, file, size, given.view_range, FILE_CAP))

    def _create(self, folder: ConfinedFolder, given: Edit) -> str:
        content = _valid(_required(given.file_text, "file_text", "create"))
        if not folder.split(given.path):
            raise BadInput(
                "path names the home folder itself. Give the path of a file.",
                shown="Not done: that is the home folder itself.",
            )
        replaced = folder.kind(given.path) != "none"
        before = folder.read(given.path, FILE_CAP) if replaced else None
        self._write(folder, given.path, before, content.encode())
        told = "\nIt replaced the file that was there; undo_edit brings that back."
        return f"File created successfully at: {given.path}{told if replaced else ''}"

    def _replace(self, folder: ConfinedFolder, given: Edit) -> ToolResult:
        old = _required(given.old_str, "old_str", "str_replace")
        if not old:
            raise BadInput(
                "`old_str` is empty. Give the text to replace, or use insert.",
                shown="Not changed: it was not said which text to replace.",
            )
        before = folder.read(given.path, FILE_CAP)
        text = TextFile.parse(given.path, before, FILE_CAP)
        after, line = text.replace(given.path, old, _valid(given.new_str or ""))
        self._write(folder, given.path, before, after.raw)
        return self._snippet(given.path, after, line, (given.new_str or "").count("\n"))

    def _insert(self, folder: ConfinedFolder, given: Edit) -> ToolResult:
        line = _required(given.insert_line, "insert_line", "insert")
        wanted = given.insert_text if given.insert_text is not None else given.new_str
        new = _valid(_required(wanted, "insert_text", "insert"))
        before = folder.read(given.path, FILE_CAP)
        after = TextFile.parse(given.path, before, FILE_CAP).insert(line, new)
        self._write(folder, given.path, before, after.raw)
        return self._snippet(given.path, after, line + 1, new.count("\n"))

    def _undo(self, folder: ConfinedFolder, given: Edit) -> str:
        key = folder.split(given.path)
        for place in range(len(self._history) - 1, -1, -1):
            if self._history[place][0] == key:
                before = self._history[place][1]
                break
        else:
            raise ToolError(f"No edit history found for {given.path}.")
        check_permit()
        if before is None:
            folder.remove(given.path)
        else:
            folder.write(given.path, before)
        del self._history[place]
        return f"Last edit to {given.path} undone successfully."

    def _write(self, folder: ConfinedFolder, path: str, before: bytes | None, data: bytes) -> None:
        if len(data) > FILE_CAP:
            raise ToolError(
                f"The file would have {len(data)} bytes; at most {FILE_CAP} can be written. "
                "Make large files with the shell.",
                shown=f"Not done: the file would be too long ({len(data)} bytes).",
            )
        check_permit()
        folder.write(path, data)
        self._history.append((folder.split(path), before))
        while sum(len(old or b"") for _, old in self._history) > _UNDO_BYTES:
            self._history.popleft()

    def _snippet(self, path: str, text: TextFile, line: int, more: int) -> ToolResult:
        first = max(1, line - _SNIPPET)
        shown = text.lines[first - 1 : line + more + _SNIPPET]
        snippet = numbered(shown, first)
        if text.note:
            snippet += f"\n{text.note}"
        return ToolResult(
            f"The file {path} has been edited. Here's the result of running `cat -n` on a "
            f"snippet of {path}:\n{snippet}\n"
            "Review the changes and make sure they are as expected. Edit the file again if "
            "necessary.",
            shown=f"{path} was edited:\n{snippet}",
        )


def _required(value: Value | None, name: str, command: str) -> Value:
    if value is None:
        raise BadInput(
            f"Parameter `{name}` is required for command: {command}",
            shown="Not done: a part of the call was missing.",
        )
    return value


def _valid(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadInput("The text has half of a surrogate pair, which no file can hold.") from None
    return text


def _by_bytes(folder: ConfinedFolder, given: Edit) -> Edit:
    r"""With the path of a file whose name is no UTF-8, which is shown, and given, as ``\xe9``."""
    if not _BYTE.search(given.path) or folder.kind(given.path) != "none":
        return given
    path = _BYTE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), given.path)
    return given.model_copy(update={"path": path}) if folder.kind(path) != "none" else given


def _bounded(path: str, size: int) -> None:
    if size > _DOCUMENT_CAP:
        raise ToolError(
            f"{path} has {size} bytes, more than the {_DOCUMENT_CAP} that can be viewed.",
            shown=f"Not done: {path} is too large to be viewed ({size} bytes).",
        )


def _picture(path: str, file: BinaryIO) -> ToolResult:
    try:
        seen = fitted(file, _smaller)
    except FilesError as error:
        raise ToolError(f"{path} is a damaged picture, or too large a one: {error}") from error
    width, height = seen.before
    told = " ".join((f"The picture {path}, {width}x{height} pixels.", *seen.notes))
    return ToolResult(told, seen.image)


def _smaller(width: int, height: int) -> tuple[int, int]:
    share = min(1.0, _LONGEST / max(width, height))
    return max(1, round(width * share)), max(1, round(height * share))


def _pages(path: str, descriptor: int, asked: list[int] | None) -> ToolResult:
    """Text of a PDF's pages; the first of them that is a scan as a picture."""
    first, last = _asked_pages(asked)
    said = _read_pages(path, descriptor, first, last)
    count = int(said["pages"])
    if not count or first > count or last > count:
        raise BadInput(
            f"Invalid `view_range`: {[first, last or -1]}. {path} has {_pages_of(count)}.",
            shown="Not done: the PDF has no such pages.",
        )
    texts = dict(enumerate(map(str, said["texts"]), first))
    parts = [f"[page {number}]\n{text.strip()}" for number, text in texts.items()]
    end = max(texts)
    asked_for = min(last or count, count)
    more = f"\n… (pages {end + 1} to {asked_for} are left out)" if end < asked_for else ""
    told = f"The PDF {path} has {_pages_of(count)}.\n" + "\n".join(parts) + more
    if "picture" not in said:
        return ToolResult(told)
    number = said["pictured"]
    told += f"\nPage {number} has no text, as scans have none: it is shown as a picture. View "
    told += "other such pages one by one with view_range."
    return ToolResult(told, fitted(io.BytesIO(base64.b64decode(said["picture"])), _smaller).image)


def _whole(path: str, file: BinaryIO, size: int) -> Whole | None:
    """A PDF of scans as it is, if it is short: all of its pages are seen at once."""
    if size > _WHOLE_CAP:
        return None
    file.seek(0)
    data = file.read(_WHOLE_CAP)
    facts = pdf_facts(data)
    if facts.encrypted or not 0 < facts.pages <= _WHOLE_PAGES:
        return None
    return Whole(path, data, f"The PDF {path} has {_pages_of(facts.pages)}. It follows whole:")


def _pages_of(count: int) -> str:
    return f"{count} page{'' if count == 1 else 's'}"


def _asked_pages(asked: list[int] | None) -> tuple[int, int]:
    """First and last page; 0 for the end."""
    if asked is None:
        return 1, 0
    if len(asked) != 2 or asked[0] < 1 or (asked[1] != -1 and asked[1] < asked[0]):
        raise BadInput(
            f"Invalid `view_range`: {asked}. It should be the first and the last page.",
            shown="Not done: the PDF has no such pages.",
        )
    return asked[0], max(asked[1], 0)


def _read_pages(path: str, descriptor: int, first: int, last: int) -> dict[str, Any]:
    bounds = map(str, (first, last, VIEW_CAP, _LONGEST))
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(PAGES_READER), *bounds],
            check=False,
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PDF_PATIENCE,
            env={"LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"{path} takes too long to read. View fewer pages of it.") from None
    said = read_json(done.stdout) if done.returncode == 0 else {"damaged": True}
    if said.get("locked"):
        raise ToolError(f"{path} is locked with a password.")
    if "pages" not in said:
        raise ToolError(f"{path} cannot be read as a PDF; it may be damaged.")
    return dict(said)
