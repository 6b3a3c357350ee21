"""Which file a picture of the screen becomes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from agent.desktop.base import EncodedImage
from agent.desktop.see import pictures

WIDTH, HEIGHT = 1280, 800
Raw = NDArray[np.uint8]


def page(*, photo: int = 0) -> Raw:
    """A page of antialiased text, and a photograph of so many pixels' edge on it."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#f6f6f4")
    draw = ImageDraw.Draw(image)
    for line in range(38):
        words = f"{line:02} The quick brown fox jumps over the lazy dog. " * 3
        draw.text((20, 20 + 20 * line), words, ("#222", "#1a4f8b")[line % 2], font_size=14)
    if photo:
        noise = np.random.default_rng(1).normal(0, 3, (photo, photo, 3))
        ramp = np.indices((photo, photo)).sum(0)[..., None] * np.array([0.2, 0.15, 0.1])
        part = (40 + ramp + noise).clip(0, 255).astype(np.uint8)
        image.paste(Image.fromarray(part), (300, 100))
    blue_first = np.full((HEIGHT, WIDTH, 4), 7, np.uint8)  # the fourth byte is undefined in X
    blue_first[..., :3] = np.asarray(image)[..., ::-1]
    return blue_first


def shown(picture: EncodedImage) -> Raw:
    with Image.open(io.BytesIO(picture.data)) as image:
        assert f"image/{str(image.format).lower()}" == picture.media_type
        assert image.size == (picture.width, picture.height)
        return np.asarray(image.convert("RGB"))


def error(pixels: Raw, picture: EncodedImage) -> float:
    """Mean squared distance from the original."""
    apart = shown(picture).astype(float) - pixels[..., 2::-1]
    return float((apart**2).mean())


def test_a_page_of_text_loses_nothing_and_is_small() -> None:
    """A third of what the fast PNG takes, and less than JPEG."""
    pixels = page()
    sent = pictures.for_model(pixels)
    assert error(pixels, sent) == 0
    assert len(sent.data) < len(pictures.png(pictures.frame(pixels)).data) / 3
    assert len(sent.data) < len(pictures.jpeg(pixels).data) / 3


def test_a_photograph_is_smaller_than_jpeg_and_no_worse() -> None:
    pixels = page(photo=600)
    sent, jpeg = pictures.for_model(pixels), pictures.jpeg(pixels)
    assert sent.media_type == "image/webp"
    assert len(sent.data) < 0.7 * len(jpeg.data)
    assert error(pixels, sent) <= error(pixels, jpeg)


def test_text_in_many_colours_loses_nothing_either() -> None:
    """What loss would not make smaller is kept whole."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "black")
    draw = ImageDraw.Draw(image)
    for number in range(480):
        colour = tuple(np.random.default_rng(number % 30).integers(90, 255, 3).tolist())
        place = (10 + 105 * (number % 12), 10 + 19 * (number // 12))
        draw.text(place, f"x86_64-{number:03}", colour, font_size=13)
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., :3] = np.asarray(image)[..., ::-1]
    sent = pictures.for_model(pixels)
    assert error(pixels, sent) == 0
    assert len(sent.data) < len(pictures.jpeg(pixels).data) / 2


@pytest.mark.parametrize(("photo", "media_type"), [(0, "image/webp"), (600, "image/png")])
def test_lossless_is_lossless(photo: int, media_type: str) -> None:
    """Quick in either case: WebP would take a quarter of a second for a photograph."""
    pixels = page(photo=photo)
    kept = pictures.lossless(pixels)
    assert (kept.media_type, error(pixels, kept)) == (media_type, 0)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (1280, 1)])
def test_any_size_can_be_written(size: tuple[int, int]) -> None:
    pixels = page()[: size[1], : size[0]]
    assert error(pixels, pictures.for_model(pixels)) == 0
    assert error(pixels, pictures.lossless(pixels)) == 0
