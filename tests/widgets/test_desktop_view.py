"""The live desktop in the page, against a real Xvnc: picture, lock, marks, clipboard, fallback."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from widget_stage import Stage, until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.desktop,
    pytest.mark.skipif(shutil.which("Xvnc") is None, reason="no Xvnc"),
]

KEY, POINTER, CUT_TEXT = 4, 5, 6  # RFB client messages

PAINTER = """
import sys
from Xlib import X, display
from Xlib.protocol.event import KeyPress
d = display.Display(sys.argv[1])
s = d.screen()
w = s.root.create_window(0, 0, 640, 400, 0, s.root_depth, background_pixel=0x202020,
    event_mask=X.ButtonPressMask | X.KeyPressMask, override_redirect=True)
w.map(); w.set_input_focus(X.RevertToParent, X.CurrentTime)
colour = w.create_gc(foreground=0xff0000)
w.fill_rectangle(colour, 0, 0, 320, 400); d.sync()
print("painted", flush=True)
while True:
    event = d.next_event()
    if event.type == X.ButtonPress:
        print("button", event.event_x, event.event_y, flush=True)
    elif event.type == X.KeyPress:
        print("key", event.detail, flush=True)
        colour.change(foreground=0x00ff00); w.fill_rectangle(colour, 0, 0, 320, 400); d.sync()
"""


class Screen:
    """An X server with one window: red on the left, until a key turns it green."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "vnc.sock"
        reading, writing = os.pipe()
        size = ["-geometry", "640x400", "-depth", "24"]
        rfb = ["-SecurityTypes", "None", "-rfbunixpath", str(self.socket), "-rfbport=-1"]
        shared = ["-nolisten", "tcp", "-AlwaysShared"]
        command = ["Xvnc", "-displayfd", str(writing), *size, *rfb, *shared]
        log = (folder / "log").open("wb")
        self.server = subprocess.Popen(command, pass_fds=[writing], stdout=log, stderr=log)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.display = f":{pipe.readline().strip()}"
        log.close()
        painter = [sys.executable, "-c", PAINTER, self.display]
        self.painter = subprocess.Popen(painter, stdout=subprocess.PIPE, text=True)
        assert self.painter.stdout is not None
        assert self.painter.stdout.readline() == "painted\n"

    def event(self) -> list[str]:
        """The next thing that the window noticed."""
        assert self.painter.stdout is not None
        return self.painter.stdout.readline().split()

    def keys_down(self) -> int:
        """How many keys the X server holds for pressed."""
        code = "import sys; from Xlib.display import Display\n"
        code += "print(sum(b.bit_count() for b in Display(sys.argv[1]).query_keymap()))"
        command = [sys.executable, "-c", code, self.display]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def stop(self) -> None:
        for process in (self.painter, self.server):
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        assert self.painter.stdout is not None
        self.painter.stdout.close()


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    running = Screen(tmp_path)
    yield running
    running.stop()


class View:
    """A page with the desktop view."""

    def __init__(self, stage: Stage, context: BrowserContext, screen: Screen | None) -> None:
        self.stage = stage
        stage.vnc = screen.socket if screen else None
        stage.bridged.clear()
        self.page: Page = context.new_page()
        self.page.goto(f"{stage.url}/desktop")

    def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        return until(condition, what, self.page)

    def live(self) -> View:
        self.until(lambda: self.stage.bench.of("local.state", state="live"), "live")
        self.until(lambda: self.colour(0.25, 0.5)[0] > 200, "red on the left")
        return self

    def set(self, **values: Any) -> None:
        self.stage.call(self.stage.bench.widget.param.update, **values)

    @property
    def box(self) -> dict[str, float]:
        return self.page.locator(".screen canvas").bounding_box() or {}

    def colour(self, across: float, down: float) -> tuple[int, ...]:
        """The colour in the page at a share of the desktop's width and height."""
        box = self.page.locator(".screen canvas").bounding_box()
        if not box or not box["width"]:
            return (0, 0, 0)
        image = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * down
        return tuple(image.getpixel((int(x), int(y))))

    def click(self, across: float, down: float) -> None:
        box = self.box
        self.page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)

    def sent(self, kind: int) -> int:
        """How many RFB messages of a kind came from the page (each in a frame of its own)."""
        return sum(1 for data in self.stage.bridged if data[0] == kind and len(data) >= 6)


@pytest.fixture
def view(stage: Stage, browser_context: BrowserContext, screen: Screen) -> Iterator[View]:
    shown = View(stage, browser_context, screen).live()
    yield shown
    shown.page.close()


def test_the_desktop_is_seen_and_changes_are_seen(view: View, screen: Screen) -> None:
    """The picture fills the space given, keeps its shape, and follows the desktop."""
    box = view.box
    assert 850 < box["width"] <= 900
    assert abs(box["width"] / box["height"] - 1.6) < 0.02
    assert view.stage.bench.of("local.size", width=640, height=400)
    view.set(control=True)
    expect(view.page.locator(".hint")).to_contain_text("Shift+Esc")
    view.click(0.9, 0.9)
    view.page.keyboard.press("a")
    view.until(lambda: view.colour(0.25, 0.5)[1] > 200, "green on the left")


def test_view_only_until_control_is_given(view: View, screen: Screen) -> None:
    """Without control nothing is sent, Escape reaches the page; with it, the desktop gets all."""
    view.page.evaluate(
        "window.keys = []; document.addEventListener('keydown', (e) => window.keys.push(e.key))"
    )
    view.click(0.5, 0.5)
    view.page.keyboard.press("Escape")
    view.page.keyboard.press("b")
    assert view.page.evaluate("window.keys") == ["Escape", "b"]
    assert view.sent(KEY) == view.sent(POINTER) == 0

    view.set(control=True)
    expect(view.page.locator(".sayso-desktop.control")).to_be_visible()
    view.click(0.75, 0.25)
    kind, x, y = screen.event()
    assert kind == "button"
    assert abs(int(x) - 480) <= 2
    assert abs(int(y) - 100) <= 2
    view.page.keyboard.press("Escape")
    assert screen.event()[0] == "key"
    assert view.page.evaluate("window.keys") == ["Escape", "b"]

    view.page.keyboard.press("Shift+Escape")
    view.until(lambda: view.stage.bench.of("local.release"), "release")
    view.set(control=False)
    expect(view.page.locator(".sayso-desktop.control")).to_have_count(0)
    pressed, clicked = view.sent(KEY), view.sent(POINTER)
    view.click(0.75, 0.25)
    view.page.keyboard.press("Escape")
    assert view.page.evaluate("window.keys")[-1] == "Escape"
    assert (view.sent(KEY), view.sent(POINTER)) == (pressed, clicked)


def test_no_key_stays_down_when_the_mouse_is_given_back(view: View, screen: Screen) -> None:
    """The release gesture itself holds Shift: on the desktop it is up all the same."""
    view.set(control=True)
    view.click(0.75, 0.25)
    view.page.keyboard.down("Control")
    view.page.keyboard.down("Shift")
    view.until(lambda: screen.keys_down() == 2, "Control and Shift down")
    view.page.keyboard.down("Escape")
    view.until(lambda: view.stage.bench.of("local.release"), "release")
    view.set(control=False)
    view.until(lambda: screen.keys_down() == 0, "no key down")


def test_marks_lie_where_the_agent_acts(view: View) -> None:
    """A click's ring and the target's box are drawn in the desktop's own pixels, and fade away."""
    mark = {"kind": "left_click", "x": 480, "y": 100, "box": [440, 80, 80, 40], "label": "Save"}
    view.set(marks=mark, caption="Saving it.")
    ring = view.page.locator(".mark circle")
    ring.wait_for(state="attached")
    circle, box = ring.bounding_box() or {}, view.box
    assert abs(circle["x"] + circle["width"] / 2 - box["x"] - box["width"] * 0.75) < 3
    assert abs(circle["y"] + circle["height"] / 2 - box["y"] - box["height"] * 0.25) < 3
    expect(view.page.locator(".mark text")).to_have_text("Save")
    expect(view.page.locator(".caption")).to_have_text("Saving it.")
    expect(view.page.locator(".mark")).to_have_count(0)


def test_what_is_about_to_be_touched_is_outlined_until_it_is(view: View) -> None:
    """The outline stays while the agent waits; it gives way to the click, or to nothing."""
    mark = {"kind": "left_click", "x": 480, "y": 100, "box": [440, 80, 80, 40], "label": "Save"}
    view.set(marks={**mark, "next": True})
    outline = view.page.locator(".mark.next rect")
    outline.wait_for(state="attached")
    expect(view.page.locator(".mark circle")).to_have_count(0)
    view.page.wait_for_timeout(2000)  # longer than a mark takes to fade
    expect(outline).to_have_count(1)
    view.set(marks=mark)
    expect(view.page.locator(".mark circle")).to_have_count(1)
    expect(outline).to_have_count(0)
    view.set(marks={**mark, "next": True})
    expect(outline).to_have_count(1)
    view.set(marks={})
    expect(outline).to_have_count(0)


def test_numbers_lie_on_what_they_name_until_they_are_taken_away(view: View) -> None:
    """They stay while marks come and fade, and go at once; they take no clicks."""
    labels = [
        {"text": "1", "box": [40, 40, 80, 20], "square": False},
        {"text": "12", "box": [320, 200, 160, 100], "square": True},
    ]
    view.set(labels=labels)
    numbers = view.page.locator(".numbers text")
    expect(numbers).to_have_text(["1", "12"])
    badge, box = numbers.last.bounding_box() or {}, view.box
    middle = badge["x"] + badge["width"] / 2
    assert abs(middle - box["x"] - box["width"] * (320 + 80) / 640) < 4
    view.set(marks={"kind": "left_click", "x": 9, "y": 90})
    expect(view.page.locator(".mark circle")).to_have_count(0)
    expect(numbers).to_have_count(2)
    view.set(labels=[])
    expect(numbers).to_have_count(0)


def test_nothing_is_sent_while_nobody_looks(view: View) -> None:
    """Paused, the socket is closed and the last picture stands; back again, it is live."""
    view.set(paused=True)
    view.until(lambda: view.stage.bench.of("local.state", state="paused"), "paused")
    view.until(lambda: not view.stage.bridges, "the socket closed")
    assert view.page.locator(".sayso-desktop .last").count() == 1
    tickets = len(view.stage.bench.of("local.need_ticket"))
    view.page.wait_for_timeout(700)  # longer than a lost picture waits for its next try
    assert len(view.stage.bench.of("local.need_ticket")) == tickets
    view.set(paused=False)
    view.until(lambda: view.stage.bench.states()[-1] == "live", "live again")
    expect(view.page.locator(".sayso-desktop .last")).to_have_count(0)
    view.until(lambda: view.colour(0.25, 0.5)[0] > 200, "red on the left")


def test_markup_in_labels_stays_text(view: View) -> None:
    """Window titles and captions come from the desktop: they are shown, never interpreted."""
    nasty = "<img src=x onerror='window.broken = 1'>"
    view.set(marks={"kind": "left_click", "x": 9, "y": 90, "label": nasty}, caption=nasty)
    expect(view.page.locator(".caption")).to_have_text(nasty)
    expect(view.page.locator(".mark text")).to_have_text(nasty)
    assert view.page.evaluate("window.broken") is None


def test_a_dropped_picture_comes_back(view: View) -> None:
    """A broken socket is reopened with a fresh ticket; the space does not jump meanwhile."""
    before = view.page.locator(".sayso-desktop").bounding_box()
    view.stage.call(view.stage.drop_pictures)
    again = lambda: [s for s in view.stage.bench.states() if s == "live"]  # noqa: E731
    view.until(lambda: len(again()) == 2, "live again")
    assert view.stage.bench.of("local.need_ticket", reason="reconnect")
    assert view.page.locator(".sayso-desktop").bounding_box() == before


def test_without_a_live_picture_frames_are_shown(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """While there is no RFB socket, the still pictures that Python sends are seen."""
    view = View(stage, browser_context, None)
    expect(view.page.get_by_role("status").first).to_contain_text("Connecting")
    data = io.BytesIO()
    Image.fromarray(np.full((400, 640, 3), (0, 0, 255), np.uint8)).save(data, "JPEG")
    view.set(frame=data.getvalue())
    view.until(lambda: stage.bench.of("local.state", state="frames"), "frames")
    still = view.page.get_by_role("img", name="The desktop, as a still picture")
    expect(still).to_be_visible()
    image = Image.open(io.BytesIO(still.screenshot())).convert("RGB")
    assert image.getpixel((image.width // 2, image.height // 2))[2] > 200
    view.page.close()
