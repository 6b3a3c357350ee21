"""One beat as a picture: the screen, a mark where the agent acts, and the words below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from agent.replay.beats import Beat
from agent.replay.recording import Recording

_BACK, _TEXT, _SOFT, _DONE, _BAD = "#12161d", "#e7ebf2", "#a7b2c2", "#8fbdec", "#ff9d94"
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf")
_LINES = 3
_MARK = "#d93025"
_MISSING = "#3a424e"

Picture = Image.Image


class Painter:
    """Draws beats of one size.

    Args:
        recording: Where the pictures lie.
        width: Width of what is drawn, in pixels; made even, as video needs.
        screen: Size of the recorded screen; all pictures are fitted into it.
    """

    def __init__(self, recording: Recording, width: int, screen: tuple[int, int]) -> None:
        self._recording = recording
        self._width = width - width % 2
        self._scale = self._width / screen[0]
        self._font = load_font(max(13, round(self._width / 55)))
        self._line = round(self._font.size * 1.4)
        high = round(screen[1] * self._scale)
        bar = self._line * _LINES + self._line // 2 + 14
        self._screen = (self._width, high)
        self.size = (self._width, (high + bar) // 2 * 2)

    def draw(self, beat: Beat, share: float) -> Picture:
        """A beat; ``share`` is how much of the session lies behind, from 0 to 1."""
        canvas = Image.new("RGB", self.size, _BACK)
        canvas.paste(self._fitted(beat.frame.sha256), (0, 0))
        pen = ImageDraw.Draw(canvas)
        if beat.point is not None:
            self._mark(pen, beat.point)
        self._bar(pen, share)
        top = self._screen[1] + 10
        said = self._wrapped(pen, beat.said, _LINES - 1)
        done = self._wrapped(pen, beat.done, 1)
        colours = [_TEXT] * len(said) + [_DONE if beat.ok else _BAD] * len(done)
        for number, (text, colour) in enumerate(zip(said + done, colours, strict=True)):
            pen.text((14, top + number * self._line), text, fill=colour, font=self._font)
        return canvas

    def _fitted(self, sha256: str) -> Picture:
        path = self._recording.image_path(sha256)
        if path is None:
            return Image.new("RGB", self._screen, _MISSING)
        with Image.open(path) as picture:
            return picture.convert("RGB").resize(self._screen, Image.Resampling.LANCZOS)

    def _mark(self, pen: ImageDraw.ImageDraw, point: tuple[int, int]) -> None:
        x, y = (value * self._scale for value in point)
        for radius, width in ((15, 3), (3, 3)):
            pen.ellipse(
                (x - radius, y - radius, x + radius, y + radius), outline="#d93025", width=width
            )

    def _bar(self, pen: ImageDraw.ImageDraw, share: float) -> None:
        y = self._screen[1]
        pen.rectangle((0, y, self._width, y + 3), fill="#2a3240")
        pen.rectangle((0, y, round(self._width * share), y + 3), fill=_DONE)

    def _wrapped(self, pen: ImageDraw.ImageDraw, text: str, most: int) -> list[str]:
        lines = list(self._lines(pen, text.split()))
        if len(lines) > most:
            lines = [*lines[: most - 1], f"{lines[most - 1].rstrip('.')}…"]
        return lines

    def _lines(self, pen: ImageDraw.ImageDraw, words: Sequence[str]) -> Iterator[str]:
        line, room = "", self._width - 40
        for word in words:
            longer = f"{line} {word}".strip()
            if line and pen.textlength(longer, font=self._font) > room:
                yield line
                line = word
            else:
                line = longer
        if line:
            yield line


@lru_cache(maxsize=4)
def load_font(size: int) -> ImageFont.FreeTypeFont:
    """A font of this size: one of the system's, or Pillow's own."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    found = ImageFont.load_default(size)
    if not isinstance(found, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType")
    return found
