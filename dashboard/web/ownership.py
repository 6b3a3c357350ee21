"""Which journaled sessions belong to whom, beside each journal; outlives restarts."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from agent.desktop.server.homes import remove_tree
from agent.disk import DiskHangs, at_hand
from agent.errors import ConfigurationError, JournalError
from agent.record.journal import list_sessions, session_folder
from agent.record.measure import CARD

_HANGS = (
    "The disk with the sessions does not answer, so none can be opened. Sessions that run go on as "
    "far as they can; try again when it answers."
)


class Card(BaseModel):
    """Who owns a session and what it is called."""

    owner: str
    name: str = ""
    """What it is about: its first task, shortened."""

    title: str = ""
    """What the person calls it; goes before the name."""

    person: str = ""
    """The name that signed in to make it; empty without a login."""

    ended: str = ""
    """Why it was ended, in a sentence; empty while it runs, and after the server itself ended:
    then its page goes on with it when it comes back."""

    @property
    def shown(self) -> str:
        """What to call it in a list."""
        return self.title or self.name or "New session"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Cards of all sessions under a data folder."""

    data_dir: Path
    heir: Callable[[], str] = str
    """Who has the sessions that were made without a login, by whatever browser; empty: each
    browser its own. A session that somebody signed in for stays theirs."""

    def put(self, session_id: str, card: Card) -> None:
        """Keep a session's card; a disk that refuses costs the name, not the session."""
        path = session_folder(self.data_dir, session_id) / CARD
        with contextlib.suppress(OSError):
            at_hand(lambda: _write(path, card))

    def get(self, session_id: str) -> Card | None:
        """A session's card, or None if it has none or the id is no id.

        Raises:
            JournalError: the disk does not answer: nobody knows whose it is.
        """
        try:
            path = session_folder(self.data_dir, session_id) / CARD
            card = Card.model_validate_json(at_hand(path.read_bytes))
        except DiskHangs as error:
            raise JournalError(_HANGS) from error
        except (ConfigurationError, OSError, ValidationError):
            return None
        heir = "" if card.person else self.heir()
        return card.model_copy(update={"owner": heir}) if heir else card

    def browsers(self) -> list[str]:
        """Owners of sessions that were made without a login, the last used first."""
        plain = Ownership(self.data_dir)
        cards = [plain.get(key) for key in list_sessions(self.data_dir)]
        return list(dict.fromkeys(card.owner for card in cards if card and not card.person))

    def payer(self, session_id: str, payer: Callable[[str, str], str]) -> str:
        """As whom a session's owner is counted (`Identity.payer`); empty if none is known."""
        card = self.get(session_id)
        return payer(card.owner, card.person) if card is not None else ""

    def discard(self, session_id: str) -> None:
        """Remove the folder of a session in which nothing ever happened."""
        remove_tree(session_folder(self.data_dir, session_id))

    def of(self, owner: str, most: int = 12) -> list[tuple[str, Card]]:
        """An owner's sessions, the most recently used first."""
        found = ((key, self.get(key)) for key in list_sessions(self.data_dir))
        own = ((key, card) for key, card in found if card is not None and card.owner == owner)
        return list(itertools.islice(own, most))


def _write(path: Path, card: Card) -> None:
    beside = path.with_suffix(".new")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(card.model_dump_json())
    beside.replace(path)
