"""Recorded sessions: read, laid out in time, compared, dissected and exported.

>>> from agent.replay import load_recording, build_timeline
>>> timeline = build_timeline(load_recording(folder).events)  # doctest: +SKIP
"""

from agent.replay.details import step_detail
from agent.replay.divergence import compare
from agent.replay.fold import LANES
from agent.replay.recording import Recording, load_recording
from agent.replay.timeline import Timeline, build_timeline

__all__ = [
    "LANES",
    "Recording",
    "Timeline",
    "build_timeline",
    "compare",
    "load_recording",
    "step_detail",
]
