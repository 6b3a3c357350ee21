"""What the server prints, whoever reads it.

Bokeh prints a line when it is asked to end. Where nobody reads any more (``| head``, a closed
terminal, a log on a full disk) that line is an error, and the server would run on.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO


class Output:
    """A stream that loses what cannot be written, and never fails."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written; returns the number of characters of all of it."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """A pipe that nobody reads stays so; a full disk may have room again."""
        if isinstance(error, BrokenPipeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Put both of the process's streams behind an `Output`."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, Output):
            setattr(sys, name, Output(stream))
