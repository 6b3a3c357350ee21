"""Every variant that was proposed, what came of it, and every look at the held-out tasks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from agent.errors import ConfigurationError
from agent.experiments.plan.spec import Record
from agent.prompts.template import Prompt

FILE = "ledger.jsonl"

_MOST_TIMES = 2
"""How often one text is tried."""


class Begun(Record):
    """The terms, before anything was tried."""

    kind: Literal["begun"] = "begun"
    at: float
    """Unix seconds."""

    terms: dict[str, float | int | str]
    search: tuple[str, ...]
    held_out: tuple[str, ...]
    """Names of tasks."""

    most_trials: int


class Variant(Record):
    """A prompt that was proposed."""

    kind: Literal["variant"] = "variant"
    at: float
    name: str
    """Of its arm: ``v0`` is the prompt to begin with."""

    round: int
    parent: str
    """Name of the one that it was made from; empty for the first."""

    text: str
    why: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return Prompt(self.name, self.text).hash


class Judged(Record):
    """How a variant did on the search tasks, beside its parent: for choosing, not for claiming."""

    kind: Literal["judged"] = "judged"
    at: float
    name: str
    difference: float
    p: float
    promising: bool
    accepted: bool


class Look(Record):
    """One look at the held-out tasks."""

    kind: Literal["look"] = "look"
    at: float
    name: str
    number: int
    level: float
    difference: float
    low: float
    high: float
    p: float
    won: bool


Entry = Begun | Variant | Judged | Look
_ENTRY: pydantic.TypeAdapter[Entry] = pydantic.TypeAdapter(
    Annotated[Entry, pydantic.Field(discriminator="kind")]
)


class Ledger:
    """A list that is only added to; in a file, so that a search goes on where it was cut.

    Args:
        path: where it lies; in memory alone if None.

    Raises:
        ConfigurationError: the file cannot be read.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self.entries: list[Entry] = []
        if path is not None and path.exists():
            try:
                lines = path.read_text("utf-8").splitlines()
                self.entries = [_ENTRY.validate_json(line) for line in lines if line]
            except (OSError, ValueError) as error:
                raise ConfigurationError(f"The ledger {path} cannot be read: {error}.") from error

    def add(self, entry: Entry) -> None:
        """Write one down.

        Raises:
            ConfigurationError: it cannot be written.
        """
        self.entries.append(entry)
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(entry.model_dump_json() + "\n")
        except OSError as error:
            raise ConfigurationError(
                f"The ledger {self._path} cannot be written ({error.strerror})."
            ) from error

    @property
    def begun(self) -> Begun | None:
        """The terms, if it has begun."""
        return next((e for e in self.entries if isinstance(e, Begun)), None)

    @property
    def variants(self) -> list[Variant]:
        """All that were proposed, the first prompt too."""
        return [e for e in self.entries if isinstance(e, Variant)]

    @property
    def judged(self) -> dict[str, Judged]:
        """Name → how it did when it was last judged."""
        return {e.name: e for e in self.entries if isinstance(e, Judged)}

    @property
    def looks(self) -> list[Look]:
        """All looks at the held-out tasks."""
        return [e for e in self.entries if isinstance(e, Look)]

    def of_round(self, number: int) -> list[Variant]:
        """What was proposed in a round."""
        return [v for v in self.variants if v.round == number]

    def propose(
        self, number: int, parent: Variant | None, texts: Sequence[tuple[str, str]]
    ) -> list[Variant]:
        """Write down a round's proposals: text, and why.

        What was tried twice is left out, and what comes twice in the round: once may be bad luck.
        """
        known = Counter(v.text for v in self.variants)
        made: list[Variant] = []
        for text, why in texts:
            if known[text] >= _MOST_TIMES or text in {v.text for v in made}:
                continue
            variant = Variant(
                at=time.time(),
                name=f"v{len(self.variants)}",
                round=number,
                parent=parent.name if parent else "",
                text=text,
                why=why,
            )
            self.add(variant)
            made.append(variant)
        return made
