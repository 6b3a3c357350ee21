"""Sounds of a room that are no words for the agent, at 16 kHz: made, not recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import voices
from voices import Samples

from dashboard.voice.speech.audio import RATE

TELEVISION = (
    "Good evening, and welcome to the six o'clock news.",
    "Heavy rain is expected over the northern counties tonight.",
    "The minister said that talks would continue through the weekend.",
    "In sport, the home side won by three goals to one.",
    "Shares in the company fell sharply after the announcement.",
    "And now a word from our sponsors.",
    "Scientists have found a new species of frog in the rainforest.",
    "He walked into the room and looked at her for a long time.",
    "You never told me that you had a brother.",
    "Traffic is moving slowly on the bridge this morning.",
    "The recipe needs two cups of flour and a pinch of salt.",
    "Our next guest has written a book about the history of tea.",
)
CONVERSATIONS: tuple[tuple[tuple[voices.Voice, str], ...], ...] = (
    (
        ("joe", "Did you feed the cat this morning?"),
        ("slt", "I thought that you had given her something."),
        ("joe", "Well, she is sitting in front of her bowl."),
    ),
    (
        ("slt", "The neighbours are so loud today."),
        ("joe", "They have visitors until Sunday."),
        ("slt", "Then let us go for a walk after lunch."),
    ),
)
BACKCHANNELS = ("Mm-hm.", "Uh huh.", "Okay.", "Yeah.", "Right.", "I see.", "Great.", "Thank you.")


def _shaped(samples: Samples, attack: float, decay: float) -> Samples:
    t = np.arange(len(samples)) / RATE
    return (samples * np.minimum(1.0, t / attack) * np.exp(-t / decay)).astype(np.float32)


@cache
def cough(seed: int = 0) -> Samples:
    """Two bursts of breath through a throat: noise, a few resonances, a sharp beginning."""
    random = np.random.default_rng(seed)

    def burst(seconds: float, level: float) -> Samples:
        t = np.arange(int(seconds * RATE)) / RATE
        breath = random.standard_normal(len(t)).astype(np.float32)
        breath = np.convolve(breath, np.hanning(9), "same")
        throat = sum(np.sin(2 * np.pi * f * t + random.uniform(0, 6)) for f in (420, 780, 1450))
        whole = breath * (0.7 + 0.3 * throat / 3)
        whole = whole / np.abs(whole).max() * level
        return _shaped(whole.astype(np.float32), 0.006, seconds / 3)

    gap = voices.silence(random.uniform(0.08, 0.2))
    return voices.sequence(burst(random.uniform(0.18, 0.3), 0.7), gap, burst(0.25, 0.5))


@cache
def music(seed: int = 0, seconds: float = 6.0) -> Samples:
    """Chords with overtones and a beat."""
    random = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE), np.float32)
    beat = int(0.5 * RATE)
    for place in range(0, len(out) - beat, beat):
        root = 220 * 2 ** (random.choice([0, 2, 4, 5, 7, 9]) / 12)
        t = np.arange(beat) / RATE
        chord = sum(
            np.sin(2 * np.pi * root * ratio * k * t) / k
            for ratio in (1, 1.26, 1.5)
            for k in (1, 2, 3)
        )
        drum = random.standard_normal(beat) * np.exp(-t / 0.03) * 0.6
        out[place : place + beat] += _shaped((chord / 6 + drum).astype(np.float32), 0.01, 0.35)
    return (out * 0.25 / max(1e-6, float(np.abs(out).max()))).astype(np.float32)


def television(number: int = 0, voice: voices.Voice = "joe") -> Samples:
    """A sentence of somebody who talks to nobody here, with music underneath."""
    said = voices.speech(TELEVISION[number % len(TELEVISION)], voice)
    bed = music(number, len(said) / RATE + 1)[: len(said)] * 0.2
    return (said + bed).astype(np.float32)


def conversation(number: int = 0) -> Samples:
    """Two people who talk to each other."""
    lines = CONVERSATIONS[number % len(CONVERSATIONS)]
    return voices.spaced([voices.speech(text, voice) for voice, text in lines], 0.25)


def backchannel(number: int = 0, voice: voices.Voice = "joe") -> Samples:
    """A listener's assent."""
    return voices.speech(BACKCHANNELS[number % len(BACKCHANNELS)], voice)


def humming(number: int = 0) -> Samples:
    """Noise that stays, as of a fan."""
    return voices.noise(4.0, level=0.05, seed=number)


SOUNDS: dict[str, Callable[[int], Samples]] = {
    "cough": cough,
    "music": music,
    "television": television,
    "conversation": conversation,
    "mm-hm": backchannel,
    "noise": humming,
}
"""By the name that a dialogue uses; the number chooses among similar ones."""
