"""What is in the editor, checked and shown: drafts, versions, differences."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from agent.errors import BadInput, SaysoError
from agent.kinds import ALL_TOOLS, ToolName, in_order
from agent.prompts import Fault, Prompt, faults
from agent.prompts.check import LONGEST
from agent.prompts.library import PromptLibrary, Style, Version, changed_lines
from agent.session.changes import filled
from agent.settings import Settings
from dashboard.words import t

_SHOWN = 8
"""Characters of a hash that a person sees."""


class Draft(BaseModel):
    """Text, narration style and tools, not yet kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    template: str
    narration: Style = "act-while-speaking"
    tools: tuple[ToolName, ...] = ALL_TOOLS

    def version(self, name: str) -> Version:
        """As a version, for its hashes.

        Raises:
            BadInput: no tool is on.
        """
        if not self.tools:
            raise BadInput(t("Leave at least one tool on."))
        tools = in_order(self.tools)
        return Version(name=name, template=self.template, narration=self.narration, tools=tools)


def draft_of(given: Any) -> Draft:
    """The draft that a page sent.

    Raises:
        BadInput: it is none.
    """
    try:
        return Draft.model_validate(given)
    except ValidationError as error:
        raise BadInput(t("The page sent no prompt; load it again.")) from error


def shown_version(version: Version, *, text: bool = False) -> dict[str, Any]:
    """A version for the page; with its text if asked for."""
    shown: dict[str, Any] = {
        "version": version.hash,
        "short": version.prompt.hash[:_SHOWN],
        "at": version.at,
        "note": version.note,
        "shipped": version.shipped,
        "narration": version.narration,
        "tools": list(version.tools),
    }
    return shown | {"template": version.template} if text else shown


def verdict(draft: Draft, settings: Settings) -> dict[str, Any]:
    """Faults by line, or the text as this session's model would read it."""
    found = list(faults(draft.template))
    if not draft.tools:
        found.append(Fault(0, t("Leave at least one tool on.")))
    listed = [{"line": fault.line, "message": fault.message} for fault in found]
    if found:
        return {"faults": listed, "preview": "", "short": ""}
    prompt = Prompt("draft", draft.template)
    return {"faults": [], "preview": _preview(prompt, settings), "short": prompt.hash[:_SHOWN]}


def difference(old: Version, draft: Draft) -> dict[str, Any]:
    """Line by line from a version to the draft, and what else differs."""
    text = draft.template[:LONGEST]
    also = []
    if old.narration != draft.narration:
        also.append(f"Narration: {old.narration} → {draft.narration}")
    if set(old.tools) != set(draft.tools):
        also.append(f"Tools: {', '.join(old.tools)} → {', '.join(draft.tools) or 'none'}")
    lines = [[mark, line] for mark, line in changed_lines(old.template, text)]
    return {"version": old.hash, "lines": lines, "also": also}


def usage(library: PromptLibrary, version: Version) -> dict[str, Any]:
    """How an experiment's arm and a notebook name a version."""
    path = str(library.path(version))
    tools = "" if version.tools == ALL_TOOLS else f"\n    tools: [{', '.join(version.tools)}]"
    return {
        "path": path,
        "arm": f"arms:\n  {_arm(version)}:\n    prompt: {path}{tools}",
        "python": (
            "from pathlib import Path\nfrom agent.prompts.library import PromptLibrary\n\n"
            f"library = PromptLibrary(Path({str(library.root)!r}))\n"
            f"version = library.get({version.name!r}, {version.hash[:12]!r})"
        ),
    }


def _arm(version: Version) -> str:
    return f"{version.name.replace(' ', '-')}-{version.prompt.hash[:_SHOWN]}"


def _preview(prompt: Prompt, settings: Settings) -> str:
    try:
        return filled(prompt, settings)
    except SaysoError as error:
        return str(error)
