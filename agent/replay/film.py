"""A session as a moving picture with captions: GIF by Pillow, MP4 by PyAV."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from agent.errors import ConfigurationError, JournalError
from agent.replay.beats import Beat, beats
from agent.replay.draw import Painter, Picture
from agent.replay.recording import Recording
from agent.replay.timeline import build_timeline

Progress = Callable[[float], None]
"""Told the share that is done, from 0 to 1. May raise to give up."""

GIF_WIDTH, MP4_WIDTH = 800, 1280
_MOST_GIF = 400
_RATE = 10
"""Pictures a second of an MP4."""
_REST = 1.5
"""Seconds for which the last picture stays longer."""


def can_mp4() -> bool:
    """Whether PyAV, which makes MP4, is installed."""
    return importlib.util.find_spec("av") is not None


def write_gif(
    recording: Recording,
    path: Path,
    *,
    width: int = GIF_WIDTH,
    progress: Progress = lambda share: None,
) -> Path:
    """Write an animated GIF.

    Raises:
        JournalError: there are no pictures, or so many that a GIF would be unusable.
    """
    made, painter = _prepare(recording, width)
    if len(made) > _MOST_GIF:
        raise JournalError(
            f"This session has {len(made)} pictures; a GIF of more than {_MOST_GIF} is too large "
            "to be of use. Export it as MP4."
        )
    pictures = [
        _paletted(picture) for _, picture in _drawn(made, painter, lambda s: progress(s * 0.9))
    ]
    times = [round(beat.seconds * 1000) for beat in made]
    times[-1] += round(1000 * _REST)
    more = {"save_all": True, "append_images": pictures[1:], "duration": times, "loop": 0}
    pictures[0].save(path, "GIF", optimize=False, **more)
    progress(1.0)
    return path


def write_mp4(
    recording: Recording,
    path: Path,
    *,
    width: int = MP4_WIDTH,
    progress: Progress = lambda share: None,
) -> Path:
    """Write an H.264 video that browsers and players show.

    Raises:
        ConfigurationError: PyAV is not installed; the text says how to install it.
        JournalError: there are no pictures.
    """
    if not can_mp4():
        raise ConfigurationError(
            "MP4 needs PyAV, which is not installed: pip install 'sayso[video]'. "
            "Or export the session as GIF."
        )
    av: Any = importlib.import_module("av")

    made, painter = _prepare(recording, width)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as film:
        stream = _stream(film, painter.size)
        tick = 0
        for beat, picture in _drawn(made, painter, progress):
            frame = av.VideoFrame.from_image(picture)
            seconds = beat.seconds + (_REST if beat is made[-1] else 0.0)
            for _ in range(max(1, round(seconds * _RATE))):
                frame.pts, frame.time_base = tick, Fraction(1, _RATE)
                film.mux(stream.encode(frame))
                tick += 1
        film.mux(stream.encode())
    progress(1.0)
    return path


def _stream(film: Any, size: tuple[int, int]) -> Any:
    stream = film.add_stream("libx264", rate=_RATE)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": "24", "preset": "veryfast", "tune": "stillimage"}
    stream.codec_context.time_base = Fraction(1, _RATE)
    return stream


def _prepare(recording: Recording, width: int) -> tuple[list[Beat], Painter]:
    timeline = build_timeline(recording.events)
    made = beats(timeline)
    if not made:
        raise JournalError(
            "This session has no pictures to show: the agent never looked at the screen in it. "
            "Export it as a folder instead."
        )
    largest = max(timeline.frames, key=lambda frame: frame.width * frame.height)
    return made, Painter(recording, width, (largest.width, largest.height))


def _drawn(
    made: list[Beat], painter: Painter, progress: Progress
) -> Iterator[tuple[Beat, Picture]]:
    whole = sum(beat.seconds for beat in made)
    behind = 0.0
    for number, beat in enumerate(made):
        behind += beat.seconds
        yield beat, painter.draw(beat, behind / whole)
        progress((number + 1) / len(made))


def _paletted(picture: Picture) -> Picture:
    return picture.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
