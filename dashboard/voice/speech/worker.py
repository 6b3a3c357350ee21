"""The speech process: every engine, for all chats of one server.

Three threads: the main one reads frames, detects voice and cuts utterances; one recognises, what
a turn's end waits for before interims; one synthesises. It ends when its standard input does,
which is also how it dies with the server.
"""

from __future__ import annotations

import argparse
import heapq
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO, Final

from dashboard.voice.speech import frames
from dashboard.voice.speech.audio import OUT_RATE, Samples, floats, pcm16
from dashboard.voice.speech.choices import OUR_RECOGNIZERS, OUR_SYNTHESIZERS, Loaded, load
from dashboard.voice.speech.engines import Recognizer, Synthesizer
from dashboard.voice.speech.listener import Decode, Heard, Listener, ListenSettings

CHUNK: Final = OUT_RATE // 4
"""Samples of one ``audio_output``: 250 ms."""

Answer = Callable[[str, Decode, list[str] | None], None]
Tell = Callable[[frames.Head, bytes], None]


class Recognition(threading.Thread):
    """Decodes one request at a time, and of each chat only what is newest.

    Finals go first, then further readings of finals, since a turn's end waits for both; interims
    show words a little sooner, no more.
    """

    _FINAL, _AGAIN, _INTERIM = range(3)

    def __init__(self, recognizer: Recognizer, answer: Answer) -> None:
        super().__init__(name="recognition", daemon=True)
        self._recognizer, self._answer = recognizer, answer
        self._ready = threading.Condition()
        self._queue: list[tuple[int, int, str, Decode, str]] = []
        self._order = 0

    def ask(self, chat: str, job: Decode) -> None:
        """Queue ``job``; what else of ``chat`` still waits is overtaken, unless final."""
        with self._ready:
            kept = [item for item in self._queue if item[2] != chat or item[0] == self._FINAL]
            dropped = [item[3] for item in self._queue if item not in kept]
            self._queue = kept
            heapq.heapify(self._queue)
            self._push(self._FINAL if job.final else self._INTERIM, chat, job)
        for old in dropped:
            self._answer(chat, old, None)

    def _push(self, urgency: int, chat: str, job: Decode, plain: str = "") -> None:
        self._order += 1
        heapq.heappush(self._queue, (urgency, self._order, chat, job, plain))
        self._ready.notify()

    def run(self) -> None:
        while True:
            with self._ready:
                while not self._queue:
                    self._ready.wait()
                urgency, _, chat, job, plain = heapq.heappop(self._queue)
            self._decode(urgency, chat, job, plain)

    def _decode(self, urgency: int, chat: str, job: Decode, plain: str) -> None:
        samples = floats(job.pcm)
        if urgency == self._AGAIN:
            self._answer(chat, job, self._readings(samples, job, plain))
            return
        text = self._recognizer.transcribe(samples)
        self._answer(chat, job, [text])
        if job.final and text:
            with self._ready:
                self._push(self._AGAIN, chat, job, text)

    def _readings(self, samples: Samples, job: Decode, plain: str) -> list[str]:
        if job.dictated:
            return self._recognizer.dictation(samples, plain)
        return self._recognizer.readings(samples, plain, job.names)


class Synthesis(threading.Thread):
    """Speaks one line at a time, in chunks; a hushed chat's lines are forgotten."""

    def __init__(self, synthesizer: Synthesizer, tell: Tell) -> None:
        super().__init__(name="synthesis", daemon=True)
        self._synthesizer, self._tell = synthesizer, tell
        self._ready = threading.Condition()
        self._queue: list[tuple[str, str, str]] = []
        self._current = ""
        self._hushed: set[str] = set()

    def say(self, chat: str, line: str, text: str) -> None:
        """Queue a line."""
        with self._ready:
            self._queue.append((chat, line, text))
            self._ready.notify()

    def hush(self, chat: str) -> None:
        """Forget what ``chat`` was to hear."""
        with self._ready:
            self._queue = [item for item in self._queue if item[0] != chat]
            if self._current == chat:
                self._hushed.add(chat)

    def run(self) -> None:
        while True:
            with self._ready:
                self._hushed.discard(self._current)
                self._current = ""
                while not self._queue:
                    self._ready.wait()
                self._current, line, text = self._queue.pop(0)
            self._speak(self._current, line, text)

    def _speak(self, chat: str, line: str, text: str) -> None:
        for samples in self._synthesizer.speak(text):
            for start in range(0, len(samples), CHUNK):
                if chat in self._hushed:
                    return
                head = {"op": "sound", "chat": chat, "line": line}
                self._tell(head, pcm16(samples[start : start + CHUNK]))
        self._tell({"op": "spoken", "chat": chat, "line": line}, b"")


class Worker:
    """Dispatches frames from the server to listeners, recognition and synthesis."""

    def __init__(self, loaded: Loaded, output: BinaryIO) -> None:
        self._engines, self._output = loaded.engines, output
        self._replaced = loaded.replaced
        self._writing = threading.Lock()
        self._hearing = threading.RLock()
        self._listeners: dict[str, Listener] = {}
        self._recognition = Recognition(self._engines.recognizer, self._decoded)
        self._synthesis = Synthesis(self._engines.synthesizer, self._tell)
        self._recognition.start()
        self._synthesis.start()

    def serve(self, source: BinaryIO) -> None:
        """Until ``source`` ends."""
        self._tell({"op": "ready", "replaced": self._replaced}, b"")
        while (frame := frames.read(source)) is not None:
            head, body = frame
            getattr(self, f"_on_{head['op']}")(head, body)

    def _on_open(self, head: frames.Head, _body: bytes) -> None:
        settings = _settings(head)
        listener = Listener(self._engines.activity(), self._engines.turns, settings)
        with self._hearing:
            self._listeners[head["chat"]] = listener

    def _on_configure(self, head: frames.Head, _body: bytes) -> None:
        with self._hearing:
            self._listeners[head["chat"]].configure(_settings(head))

    def _on_hear(self, head: frames.Head, body: bytes) -> None:
        with self._hearing:
            listener = self._listeners.get(head["chat"])
            self._handle(head["chat"], listener.feed(body) if listener else [])

    def _on_finish(self, head: frames.Head, _body: bytes) -> None:
        with self._hearing:
            listener = self._listeners.get(head["chat"])
            self._handle(head["chat"], listener.finish() if listener else [])

    def _on_close(self, head: frames.Head, _body: bytes) -> None:
        self._synthesis.hush(head["chat"])
        with self._hearing:
            self._listeners.pop(head["chat"], None)

    def _on_say(self, head: frames.Head, _body: bytes) -> None:
        self._synthesis.say(head["chat"], head["line"], head["text"])

    def _on_ping(self, _head: frames.Head, _body: bytes) -> None:
        self._tell({"op": "pong"}, b"")

    def _on_hush(self, head: frames.Head, _body: bytes) -> None:
        self._synthesis.hush(head["chat"])

    def _decoded(self, chat: str, job: Decode, words: list[str] | None) -> None:
        with self._hearing:
            listener = self._listeners.get(chat)
            self._handle(chat, listener.decoded(job, words) if listener else [])

    def _handle(self, chat: str, found: list[Heard | Decode]) -> None:
        for item in found:
            if isinstance(item, Heard):
                self._tell({"op": "heard", "chat": chat, **asdict(item)}, b"")
            else:
                self._recognition.ask(chat, item)

    def _tell(self, head: frames.Head, body: bytes) -> None:
        with self._writing:
            self._output.write(frames.pack(head, body))
            self._output.flush()


def _settings(head: frames.Head) -> ListenSettings:
    given = head["settings"]
    return ListenSettings(**{**given, "names": tuple(given["names"])})


def _die_with_thread(args: Any) -> None:
    """An engine's thread failed: end the process, so that the server starts another."""
    sys.__excepthook__(args.exc_type, args.exc_value, args.exc_traceback)
    os._exit(70)


def main() -> None:
    """Serve frames on standard input and output until the input ends."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recognizer", default=OUR_RECOGNIZERS[0].name)
    parser.add_argument("--synthesizer", default=OUR_SYNTHESIZERS[0].name)
    chosen = parser.parse_args()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # engines that print must not write into the frames
    threading.excepthook = _die_with_thread
    Worker(load(chosen.recognizer, chosen.synthesizer), output).serve(sys.stdin.buffer)
    os._exit(0)  # threads inside engines do not hold it up


if __name__ == "__main__":
    main()
