"""A speech process without engines: it answers pings, and says of a later one that it came.

What it is to say makes it hang.
"""

from __future__ import annotations

import sys
import threading

from dashboard.voice.speech import frames


def main() -> None:
    """Until its input ends."""
    _tell(op="ready")
    pings = 0
    while (frame := frames.read(sys.stdin.buffer)) is not None:
        if frame[0]["op"] == "ping":
            pings += 1
            _tell(op="pong")
            if pings > 1:
                _tell(op="spoken", chat="chat", line=f"ping {pings}")
        if frame[0]["op"] == "say":
            threading.Event().wait()


def _tell(**head: str) -> None:
    sys.stdout.buffer.write(frames.pack(head))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
