"""The prompt editor of one page, over its owner's library."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from agent.errors import BadInput, SaysoError
from agent.kinds import tool_kinds
from agent.prompts import VARIABLES
from agent.prompts.library import Version
from agent.record.events import Event, SessionOpened, SettingChanged, TaskStarted
from agent.session.changes import tried_of
from agent.session.imported import own
from dashboard.view_registry import ViewContext
from dashboard.views.background_tasks import BackgroundTasks
from dashboard.views.layout import sheet
from dashboard.views.prompts.drafts import (
    Draft,
    difference,
    draft_of,
    shown_version,
    usage,
    verdict,
)
from dashboard.views.prompts.editor import PromptEditor
from dashboard.voice.client.voice_settings import SWITCHES
from dashboard.web.disk import from_disk
from dashboard.words import marked, t

_LEAD = marked("What the agent is told before you say anything. Every version is kept.")
_WHAT = "your prompts"
Message = dict[str, Any]


class PromptsView:
    """The view of one page."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._session = context.entry.session
        self._mine = context.bench.people.of(context.entry.owner)
        self._library = context.bench.people.library(context.entry.owner)
        self._background = BackgroundTasks()
        self._version: Version | None = None
        self._editor = PromptEditor(
            self._act,
            variables=[{"name": name, "says": t(says)} for name, says in VARIABLES.items()],
            narrations=[
                {"value": c.value, "label": t(c.label), "says": t(c.says)}
                for c in SWITCHES["voice.narration"].choices
            ],
            tools=[
                {"value": kind.name, "label": t(kind.label), "says": t(kind.says)}
                for kind in tool_kinds().values()
            ],
            sizing_mode="stretch_width",
        )
        self._unsubscribe = self._session.log.subscribe(self._see)
        self.root = sheet(t("Prompts"), t(_LEAD), self._editor)

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """Show the session's prompt, or the one that ``name`` and ``version`` name."""
        self._editor.in_use = self._in_use()
        if wanted.get("name") or self._version is None:
            message = {"name": wanted.get("name") or "default", "version": wanted.get("version")}
            self._background.start(partial(self._do, "open", message))

    def leave(self) -> None:
        """Nothing runs; the draft stays in the editor."""

    def close(self) -> None:
        self._unsubscribe()
        self._background.close()

    def _act(self, message: Message) -> None:
        kind = str(message.get("type"))
        if kind == "experiment" and self._version is not None:
            version = self._version
            tools = ",".join(version.tools)
            self._context.go(
                "lab", prompt=version.prompt.hash, narration=version.narration, tools=tools
            )
        elif kind in self._deeds:
            self._background.start(partial(self._do, kind, message))

    async def _do(self, kind: str, message: Message) -> None:
        try:
            shown = await self._deeds[kind](self, message)
        except SaysoError as error:
            shown = {"told": {"good": False, "text": str(error)}}
        except OSError as error:
            text = t(
                "Your prompts cannot be read ({why}). Fix that and try again.", why=error.strerror
            )
            shown = {"told": {"good": False, "text": text}}
        with self._context.within():
            self._editor.param.update(**shown)

    # Actions: each returns what the editor shows afterwards ----------------------------------

    async def _open(self, message: Message) -> Message:
        name, version = str(message.get("name")), str(message.get("version") or "")
        return await self._opened(name, version) | {"told": {}}

    async def _opened(self, name: str, version: str = "") -> Message:
        library = self._library
        names, versions = await from_disk(lambda: (library.names(), library.versions(name)), _WHAT)
        self._version = next((v for v in versions if v.hash.startswith(version)), versions[0])
        draft = Draft.model_validate(self._version.model_dump())
        shown = shown_version(self._version, text=True)
        return {
            "names": names,
            "opened": shown | {"name": name, "own": any(not v.shipped for v in versions)},
            "versions": [shown_version(each) for each in versions],
            "use": usage(library, self._version) | {"adopted": self._adopted()},
            "verdict": {"n": 0} | await asyncio.to_thread(verdict, draft, self._session.settings),
            "difference": {},
        }

    async def _check(self, message: Message) -> Message:
        draft = draft_of(message.get("draft"))
        found = await asyncio.to_thread(verdict, draft, self._session.settings)
        return {"verdict": {"n": message.get("n")} | found}

    async def _save(self, message: Message) -> Message:
        draft, name = draft_of(message.get("draft")), str(message.get("name", "")).strip()
        draft.version(name or "draft")
        kept = await from_disk(
            partial(
                self._library.save,
                name,
                draft.template,
                narration=draft.narration,
                tools=draft.tools,
                note=str(message.get("note", "")),
            ),
            _WHAT,
        )
        text = t("Saved as {version}.", version=kept.prompt.hash[:8])
        return await self._opened(name, kept.hash) | {"told": {"good": True, "text": text}}

    async def _compare(self, message: Message) -> Message:
        draft = draft_of(message.get("draft"))
        name = self._the_version().name
        version = str(message.get("version"))
        old = await from_disk(lambda: self._library.get(name, version), _WHAT)
        return {"difference": await asyncio.to_thread(difference, old, draft)}

    async def _try(self, message: Message) -> Message:
        version = draft_of(message.get("draft")).version(self._the_version().name)
        self._session.use_prompt(version.prompt, version.tools)
        self._context.entry.conductor.change("narration", version.narration)
        running = self._session.status.task_id is not None
        text = t("The next task uses {version}.", version=version.prompt.hash[:8])
        if running:
            text = f"{t('The running task continues as it began.')} {text}"
        if self._session.model.name == "offline":
            text += f" {t('The offline model reads no prompt; its tools and narration follow.')}"
        return {"told": {"good": True, "text": text}}

    async def _adopt(self, message: Message) -> Message:
        """The opened version for this person's new sessions."""
        version = self._the_version()
        values: dict[str, Any] = {
            "prompt": str(self._library.path(version)),
            "tools": version.tools,
            "voice.narration": version.narration,
        }
        for name, value in values.items():
            if name == "prompt" or not self._mine.lock(name):
                await asyncio.to_thread(self._mine.put, name, value)
        use = usage(self._library, version) | {"adopted": self._adopted()}
        return {"use": use, "told": {"good": True, "text": t("Your new sessions begin with it.")}}

    async def _delete(self, message: Message) -> Message:
        name = self._the_version().name
        if str(self._library.root / name) in str(self._mine.value("prompt")):
            await asyncio.to_thread(self._mine.reset, "prompt")
        await from_disk(lambda: self._library.delete(name), _WHAT)
        names = await from_disk(self._library.names, _WHAT)
        told = {"good": True, "text": t("“{name}” is deleted.", name=name)}
        return await self._opened(name if name in names else "default") | {"told": told}

    _deeds: ClassVar[dict[str, Callable[[PromptsView, Message], Awaitable[Message]]]] = {
        "open": _open,
        "check": _check,
        "save": _save,
        "compare": _compare,
        "try": _try,
        "adopt": _adopt,
        "delete": _delete,
    }

    # What is in use ------------------------------------------------------------------------------

    def _the_version(self) -> Version:
        if self._version is None:
            raise BadInput(t("Open a prompt first."))
        return self._version

    def _adopted(self) -> bool:
        """Whether new sessions begin with the opened version."""
        version, wanted = self._the_version(), str(self._mine.value("prompt"))
        return wanted in (str(self._library.path(version)), version.name if version.shipped else "")

    def _see(self, event: Event) -> None:
        if isinstance(event, SettingChanged | TaskStarted | SessionOpened):
            with self._context.within():
                self._editor.in_use = self._in_use()

    def _in_use(self) -> Message:
        """From the log: the prompt of the running or last task, and of the next."""
        now = nxt = ""
        for event in own(self._session.log):
            if isinstance(event, SessionOpened) and not now:
                now = nxt = event.prompt_hash
            elif isinstance(event, SettingChanged) and (tried := tried_of(event)) is not None:
                nxt = tried.hash
            elif isinstance(event, TaskStarted):
                now = nxt
        return {"now": now[:8], "next": nxt[:8]}


def build(context: ViewContext) -> PromptsView:
    """The view for a page."""
    return PromptsView(context)
