"""Moonshine's encoder and decoder, one step at a time: how likely are which words?

`moonshine_voice` gives a transcript and nothing else. Its model files, read with
onnxruntime, also tell how well *other* words fit the same sound.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dashboard.voice.speech.audio import Samples

BEGIN: Final = 1
END: Final = 2
WIDEST: Final = 8
"""Rows in one step."""
_BYTES: Final = 259
"""Token ids below are control and single bytes, which text does not use."""
_LAYERS, _HEADS, _SIZE = 6, 8, 36
_SPACE: Final = "\N{LOWER ONE EIGHTH BLOCK}"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the decoder goes on with: the sound, and what it has made of each row so far."""

    states: Floats
    past: dict[str, Floats]


class Tokens:
    """The recogniser's pieces of words, from its ``tokenizer.bin``."""

    def __init__(self, path: Path) -> None:
        self.pieces = [piece.decode("utf-8", "replace") for piece in _read(path.read_bytes())]
        self._ids = {p: n for n, p in reversed(list(enumerate(self.pieces))) if n >= _BYTES}
        self.word = lru_cache(maxsize=20_000)(self._word)

    def begins_word(self, token: int) -> bool:
        """Whether ``token`` begins with a space."""
        return self.pieces[token].startswith(_SPACE)

    def text(self, tokens: list[int]) -> str:
        """The words that ``tokens`` spell."""
        return "".join(self.pieces[t] for t in tokens).replace(_SPACE, " ").strip()

    def sentence(self, text: str) -> list[int]:
        """The tokens of ``text``."""
        return [token for word in text.split() for token in self.word(word)]

    def mark(self, mark: str) -> int | None:
        """The token of a punctuation mark."""
        return self._ids.get(mark)

    def _word(self, word: str) -> tuple[int, ...]:
        """Byte pair encoding: the oldest pair is joined first; empty if it cannot be spelt."""
        parts = [_SPACE, *word]
        while len(parts) > 1:
            pairs = (self._ids.get(a + b) for a, b in pairwise(parts))
            known = [(token, n) for n, token in enumerate(pairs) if token is not None]
            if not known:
                break
            _, n = min(known)
            parts[n : n + 2] = [parts[n] + parts[n + 1]]
        found = [self._ids.get(part) for part in parts]
        return tuple(t for t in found if t is not None) if None not in found else ()


def _read(data: bytes) -> list[bytes]:
    pieces, place = [], 0
    while place < len(data):
        size, place = data[place], place + 1
        if size >= 128:
            size, place = data[place] * 128 + size - 128, place + 1
        pieces.append(data[place : place + size])
        place += size
    return pieces


class Moonshine:
    """The two networks; one instance for all, one caller at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokens = Tokens(folder / "tokenizer.bin")
        self._encoder = _load(folder / "encoder_model.ort")
        self._decoder = _load(folder / "decoder_model_merged.ort")
        kinds = [f"{layer}.decoder.{kind}" for layer in range(_LAYERS) for kind in ("key", "value")]
        self._kept = [f"present.{kind}" for kind in kinds]
        self._all = self._kept + [name.replace("decoder", "encoder") for name in self._kept]
        nothing = np.zeros((1, _HEADS, 0, _SIZE), np.float32)
        self._empty = {_past(name): nothing for name in self._all}

    def listen(self, samples: Samples) -> Floats:
        """What the decoder attends to."""
        sound = samples.astype(np.float32)[None]
        inputs = {"input_values": sound, "attention_mask": np.ones(sound.shape, np.int64)}
        states: Floats = self._encoder.run(None, inputs)[0]
        return states

    def begin(self, states: Floats) -> tuple[Floats, Hearing]:
        """Log-probabilities of the first token (1 x tokens), and what to go on with."""
        ids = np.full((1, 1), BEGIN, np.int64)
        logits, *kept = self._run(["logits", *self._all], ids, states, self._empty, cached=False)
        past = {
            past: np.repeat(value, WIDEST, 0) if ".encoder." in past else value
            for past, value in zip(map(_past, self._all), kept, strict=True)
        }
        return _logs(logits[:, -1]), Hearing(np.repeat(states, WIDEST, 0), past)

    def step(self, hearing: Hearing, rows: list[int], tokens: list[int]) -> tuple[Floats, Hearing]:
        """Go on from ``rows`` of the last step, `WIDEST` at most, each with one more token."""
        wide = len(rows)
        past = {
            name: value[:wide] if ".encoder." in name else value[rows]
            for name, value in hearing.past.items()
        }
        ids = np.array(tokens, np.int64)[:, None]
        names = ["logits", *self._kept]
        logits, *kept = self._run(names, ids, hearing.states[:wide], past, cached=True)
        grown = dict(zip(map(_past, self._kept), kept, strict=True))
        return _logs(logits[:, -1]), Hearing(hearing.states, {**hearing.past, **grown})

    def score(self, states: Floats, tokens: list[int]) -> float:
        """The log-probability of ``tokens`` and nothing after them."""
        ids = np.array([[BEGIN, *tokens]], np.int64)
        [logits] = self._run(["logits"], ids, states, self._empty, cached=False)
        logs = _logs(logits[0])
        return float(sum(logs[n, token] for n, token in enumerate([*tokens, END])))

    def _run(
        self, names: list[str], ids: Any, states: Floats, past: dict[str, Floats], *, cached: bool
    ) -> list[Any]:
        inputs = {
            "input_ids": ids,
            "encoder_hidden_states": states,
            # All of the sound counts. The network takes every 384th entry of this mask, so one
            # by frames would fit only sounds of less than 384 frames, which is nine seconds.
            "encoder_attention_mask": np.ones((len(states), 1), np.int64),
            "use_cache_branch": np.array([cached]),
            **past,
        }
        out: list[Any] = self._decoder.run(names, inputs)
        return out


def _past(present: str) -> str:
    return present.replace("present", "past_key_values")


def _logs(logits: Floats) -> Floats:
    top = logits.max(-1, keepdims=True)
    logs: Floats = logits - top - np.log(np.exp(logits - top).sum(-1, keepdims=True))
    return logs


def _load(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
