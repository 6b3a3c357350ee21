"""Which recognisers and synthesisers there are, and how those that were chosen are loaded.

A package brings one by an entry point. They are loaded in the speech process only.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from agent.errors import VoiceError
from agent.kinds import Kind, Kinds
from dashboard.voice.speech.engines import (
    Engines,
    HibariSynthesizer,
    MoonshineRecognizer,
    PatientTurns,
    Recognizer,
    SileroActivity,
    Synthesizer,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RecognizerKind:
    """A recogniser as people choose it."""

    name: str
    """In ``SAYSO_RECOGNIZER``."""

    label: str
    make: Callable[[], Recognizer]
    """Loads it; whatever it raises is reported, and another one taken."""


@dataclass(frozen=True, slots=True)
class SynthesizerKind:
    """A synthesiser as people choose it."""

    name: str
    """In ``SAYSO_SYNTHESIZER``."""

    label: str
    make: Callable[[], Synthesizer]
    """Loads it; whatever it raises is reported, and another one taken."""


def _pocketsphinx() -> Recognizer:
    from dashboard.voice.speech.pocketsphinx import PocketSphinxRecognizer

    return PocketSphinxRecognizer()


def _flite() -> Synthesizer:
    from dashboard.voice.speech.flite import FliteSynthesizer

    return FliteSynthesizer()


OUR_RECOGNIZERS: Final = (
    RecognizerKind("moonshine", "Moonshine", MoonshineRecognizer),
    RecognizerKind("pocketsphinx", "PocketSphinx", _pocketsphinx),
)
OUR_SYNTHESIZERS: Final = (
    SynthesizerKind("hibari", "hibari", HibariSynthesizer),
    SynthesizerKind("flite", "Flite", _flite),
)
RECOGNIZERS: Final = Kinds("recogniser", RecognizerKind, "sayso.recognizers", OUR_RECOGNIZERS)
SYNTHESIZERS: Final = Kinds("synthesiser", SynthesizerKind, "sayso.synthesizers", OUR_SYNTHESIZERS)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Engines that are ready."""

    engines: Engines
    replaced: tuple[str, ...] = ()
    """For each that could not be loaded as it was chosen, what is used instead and why."""


Engine = TypeVar("Engine")


def load(recognizer: str, synthesizer: str) -> Loaded:
    """The engines of those names, or of ours what can be loaded instead; takes about a second.

    Raises:
        VoiceError: there is no recogniser, or no synthesiser, that can be loaded.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    hearing = {kind.name: kind.make for kind in RECOGNIZERS.all().values()}
    speaking = {kind.name: kind.make for kind in SYNTHESIZERS.all().values()}
    heard, less = _first(RECOGNIZERS.noun, hearing, [recognizer, *_names(OUR_RECOGNIZERS)])
    said, other = _first(SYNTHESIZERS.noun, speaking, [synthesizer, *_names(OUR_SYNTHESIZERS)])
    return Loaded(Engines(SileroActivity, heard, PatientTurns(), said), (*less, *other))


def _names(kinds: Iterable[Kind]) -> list[str]:
    return [kind.name for kind in kinds]


def _first(
    noun: str, makers: Mapping[str, Callable[[], Engine]], wanted: list[str]
) -> tuple[Engine, list[str]]:
    """The first of ``wanted`` that can be loaded, and what to say if it is not the very first."""
    troubles: list[str] = []
    for name in dict.fromkeys(wanted):
        if name not in makers:
            troubles.append(f"there is no {noun} “{name}”, only {', '.join(makers)}")
            continue
        try:
            made = makers[name]()
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            _log.exception("the %s %s cannot be loaded", noun, name)
            troubles.append(f"“{name}” cannot be loaded: {error or type(error).__name__}")
            continue
        instead = f"The {noun} is “{name}” instead of “{wanted[0]}”: {'; '.join(troubles)}."
        return made, [instead] if troubles else []
    raise VoiceError(f"No {noun} can be loaded: {'; '.join(troubles)}.")
