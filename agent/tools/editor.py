"""The editor tool (``text_editor_20250728``) for files in the desktop's home folder.

Wordings of results and errors are those that models know from the reference tool. Files
keep their line ends and tabs; every change can be undone with ``undo_edit``.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agent.desktop.base import Desktop, inside
from agent.errors import BadInput, DesktopError, ToolError
from agent.models.base import ToolSpec
from agent.permit import check_permit
from agent.tools import inputs
from agent.tools.base import Intent, ToolCall, ToolResult
from agent.tools.confine import ConfinedFolder
from agent.tools.picture import is_image, read_image
from agent.tools.text import TextFile, numbered

Value = TypeVar("Value")

_log = logging.getLogger(__name__)

FILE_CAP = 4 << 20
"""Bytes of a text file that is viewed, edited or made."""

_IMAGE_CAP = 32 << 20
_LIST_CAP = 500
_UNDO_STEPS = 50
_UNDO_BYTES = 64 << 20
_SNIPPET = 4
"""Lines shown before and after an edit."""


class Edit(BaseModel):
    """Input of ``str_replace_based_edit_tool``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Literal["view", "create", "str_replace", "insert", "undo_edit"]
    path: str = Field(max_length=4000, description="Path of the file, in the home folder.")
    view_range: list[inputs.Whole] | None = Field(
        None, description="For view: first and last line, from 1; -1 for the end."
    )
    file_text: str | None = Field(None, description="For create: the new file's text.")
    old_str: str | None = Field(
        None, description="For str_replace: the text to replace; exact and unique."
    )
    new_str: str | None = Field(None, description="For str_replace: the new text.")
    insert_line: Annotated[int, BeforeValidator(inputs.whole)] | None = Field(
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
                "numbers, folders two levels deep, and pictures. undo_edit takes back the last "
                "change to a file."
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
                return await asyncio.to_thread(self._do, given)
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
        data = folder.read(given.path, _IMAGE_CAP)
        if is_image(data):
            return ToolResult(f"The picture {given.path}:", read_image(data, given.path))
        text = TextFile.parse(given.path, data, FILE_CAP)
        return ToolResult(text.view(given.path, given.view_range))

    def _create(self, folder: ConfinedFolder, given: Edit) -> str:
        content = _required(given.file_text, "file_text", "create")
        if folder.kind(given.path) != "none":
            raise ToolError(
                f"File already exists at: {given.path}. Cannot overwrite files using command "
                "`create`.",
                shown=f"Not done: {given.path} exists already.",
            )
        if not folder.split(given.path):
            raise BadInput(
                "path names the home folder itself. Give the path of a file.",
                shown="Not done: that is the home folder itself.",
            )
        self._write(folder, given.path, None, _encode(content))
        return f"File created successfully at: {given.path}"

    def _replace(self, folder: ConfinedFolder, given: Edit) -> ToolResult:
        old = _required(given.old_str, "old_str", "str_replace")
        if not old:
            raise BadInput(
                "`old_str` is empty. Give the text to replace, or use insert.",
                shown="Not changed: it was not said which text to replace.",
            )
        before = folder.read(given.path, FILE_CAP)
        text = TextFile.parse(given.path, before, FILE_CAP)
        after, line = text.replace(given.path, old, given.new_str or "")
        self._write(folder, given.path, before, _encode(after.raw))
        return self._snippet(given.path, after, line, (given.new_str or "").count("\n"))

    def _insert(self, folder: ConfinedFolder, given: Edit) -> ToolResult:
        line = _required(given.insert_line, "insert_line", "insert")
        wanted = given.insert_text if given.insert_text is not None else given.new_str
        new = _required(wanted, "insert_text", "insert")
        before = folder.read(given.path, FILE_CAP)
        after = TextFile.parse(given.path, before, FILE_CAP).insert(line, new)
        self._write(folder, given.path, before, _encode(after.raw))
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


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput("The text has half of a surrogate pair, which no file can hold.") from None
