"""Who proposes variants of a prompt: given sentences, or a model that reads what failed."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigurationError
from agent.experiments.improve.ledger import Judged, Variant
from agent.models.base import Model, ModelRequest, Text, TurnDone
from agent.prompts.check import faults
from agent.prompts.template import Prompt

PROPOSER = str(Path(__file__).parent / "proposer.md")
"""What a model is told that proposes."""

_SCREEN = (1280, 800)
_MOST_FAILURES = 12
_WORD = re.compile(r"[a-z]{4,}")
_VARIANT = re.compile(r"<variant>(.*?)</variant>", re.DOTALL)
_WHY = re.compile(r"<why>(.*?)</why>", re.DOTALL)
_PROMPT = re.compile(r"<prompt>\n?(.*?)</prompt>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial of the prompt so far that did not pass."""

    task: str
    instruction: str
    reason: str
    """The checker's words."""

    log: str = ""
    """What was said and done, in short."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a proposer may know: nothing of the held-out tasks is in it."""

    text: str
    """The best prompt so far."""

    failures: tuple[Failure, ...]
    tried: tuple[tuple[Variant, Judged], ...]
    """Every variant that was judged, the latest last."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A prompt to try."""

    text: str
    why: str


Proposer = Callable[[Evidence, int], Sequence[Proposal]]
"""Makes so many proposals at most."""


class SentenceProposer:
    """Adds one of the given sentences at a time; needs no key.

    First those that looked promising in an earlier round and were not taken, then new ones, those
    with the most words in common with the reasons of the failures before others, then those that
    did not help before: with another prompt, or by more luck, they may.

    Args:
        sentences: what may be added, a sentence each.
    """

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = tuple(dict.fromkeys(s.strip() for s in sentences if s.strip()))

    @classmethod
    def of_file(cls, path: Path) -> SentenceProposer:
        """From a file with a sentence a line.

        Raises:
            ConfigurationError: it cannot be read, or has none.
        """
        try:
            found = cls(path.read_text("utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"The sentences {path} cannot be read: {error}.") from error
        if not found._sentences:
            raise ConfigurationError(f"{path} has no sentences: write one a line.")
        return found

    def __call__(self, evidence: Evidence, most: int) -> Sequence[Proposal]:
        heard = Counter(w for failure in evidence.failures for w in _words(failure.reason))
        promising = {v.why: j.difference for v, j in evidence.tried if j.promising}
        seen = {v.why: j.difference for v, j in evidence.tried}
        left = [s for s in self._sentences if s not in evidence.text]

        def weight(sentence: str) -> tuple[int, float]:
            if sentence in promising:
                return 2, promising[sentence]
            if sentence in seen:
                return 0, seen[sentence]
            return 1, sum(heard[word] for word in _words(sentence))

        chosen = sorted(left, key=weight, reverse=True)[:most]
        return [Proposal(f"{evidence.text.rstrip()}\n\n{s}\n", s) for s in chosen]


class ModelProposer:
    """A model that is shown what failed, and what was tried before, and rewrites the prompt.

    Args:
        model: asked for one turn a round, without tools.
        prompt: what it is told; a template with ``most``.
    """

    def __init__(self, model: Model, prompt: Prompt) -> None:
        self._model = model
        self._prompt = prompt
        self.dollars = 0.0
        """What it has cost so far, in US$."""

    def __call__(self, evidence: Evidence, most: int) -> Sequence[Proposal]:
        answer = asyncio.run(self._asked(evidence, most))
        found = [p for part in _VARIANT.findall(answer) if (p := _proposal(part))]
        return found[:most]

    async def _asked(self, evidence: Evidence, most: int) -> str:
        request = ModelRequest(
            system=self._prompt.render(most=most),
            messages=[{"role": "user", "content": [{"type": "text", "text": told(evidence)}]}],
            tools=(),
            display=_SCREEN,
        )
        words = []
        async with aclosing(self._model.stream(request)) as parts:
            async for part in parts:
                if isinstance(part, Text) and part.role == "text":
                    words.append(part.text)
                if isinstance(part, TurnDone):
                    self.dollars += part.usage.dollars
        return "".join(words)


def told(evidence: Evidence) -> str:
    """The evidence as a model reads it. Logs are quoted: they are material, not instructions."""
    lines = ["<prompt>", evidence.text.rstrip(), "</prompt>", "", "<failures>"]
    for failure in evidence.failures[:_MOST_FAILURES]:
        lines += [f"- Task: {failure.instruction}", f"  Why it failed: {failure.reason}"]
        lines += [f"  Log: {failure.log}"] if failure.log else []
    lines += ["</failures>", "", "<tried>"]
    for variant, judged in evidence.tried:
        end = "kept" if judged.accepted else "not kept"
        lines.append(f"- {variant.why}: {100 * judged.difference:+.0f} points, {end}")
    return "\n".join([*lines, "</tried>"])


def _proposal(part: str) -> Proposal | None:
    """A variant of an answer; None if it is incomplete or could not be filled in."""
    why, text = _WHY.search(part), _PROMPT.search(part)
    if not why or not text or not text[1].strip() or faults(text[1]):
        return None
    return Proposal(text[1].strip() + "\n", " ".join(why[1].split()))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
