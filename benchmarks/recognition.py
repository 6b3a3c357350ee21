"""Word error rate of an offline recogniser by voice and noise.

``python -m benchmarks.recognition [--few N] [--recognizer NAME] [--voices NAME …]`` prints one
row for each voice and noise level: words wrong per words said, the ratio to the first row, the
share of commands without any error, and seconds of work per second of sound.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import voices  # noqa: E402 - needs the path above

COMMANDS = (Path(__file__).parent / "commands.txt").read_text(encoding="utf-8").splitlines()
NOISES: tuple[float | None, ...] = (None, 20.0, 10.0)


@dataclass(frozen=True)
class Row:
    voice: voices.Voice
    noise: float | None
    errors: int
    words: int
    perfect: float
    factor: float

    @property
    def wer(self) -> float:
        return self.errors / self.words


def measure(
    voice: voices.Voice, noise: float | None, commands: list[str], recognizer: str = "moonshine"
) -> Row:
    """All ``commands`` by one voice at one noise level."""
    errors = words = perfect = 0
    busy = sound = 0.0
    for number, command in enumerate(commands):
        said = voices.sequence(
            voices.silence(0.3), voices.speech(command, voice), voices.silence(0.3)
        )
        said = said if noise is None else voices.with_noise(said, noise, seed=number)
        began = time.perf_counter()
        heard, _ = voices.hear(said, by=recognizer)
        busy += time.perf_counter() - began
        sound += len(said) / voices.RATE
        wrong, total = voices.word_errors(command, heard)
        errors, words, perfect = errors + wrong, words + total, perfect + (wrong == 0)
    return Row(voice, noise, errors, words, perfect / len(commands), busy / sound)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=len(COMMANDS), help="only the first N commands")
    parser.add_argument("--recognizer", default="moonshine", help="the one that is measured")
    usual = (*voices.NATURAL, *voices.ROBOTIC)
    parser.add_argument("--voices", nargs="+", default=usual, help="those that speak")
    given = parser.parse_args()
    commands = COMMANDS[: given.few]
    voices.recognizer(given.recognizer)
    print(f"{len(commands)} commands")
    print("| voice | noise | WER % | ratio | without error % | real-time factor |")
    print("|---|---|---|---|---|---|")
    base = 0.0
    for voice in given.voices:
        for noise in NOISES:
            row = measure(voice, noise, commands, given.recognizer)
            base = base or max(row.wer, 1 / row.words)
            level = "quiet" if noise is None else f"{noise:.0f} dB"
            print(
                f"| {voice} | {level} | {100 * row.wer:.1f} | {row.wer / base:.1f} | "
                f"{100 * row.perfect:.0f} | {row.factor:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
