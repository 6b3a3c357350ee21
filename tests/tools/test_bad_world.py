"""Programs that hang, ask, or draw at another scale: told to the model, and nothing is missed."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest
from desks import Desk, desk, shared_desk, signalled, until
from planner_driver import Driver

from agent.desktop.base import Node
from agent.tools.base import ToolCall, ToolResult
from agent.tools.by_name import ScreenTool
from agent.tools.computer import ComputerTool

__all__ = ["desk", "shared_desk"]

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

LICENCE = '''
import ctypes
from ctypes import c_char_p, c_long, c_void_p
gtk, glib = ctypes.CDLL("libgtk-3.so.0"), ctypes.CDLL("libgobject-2.0.so.0")
gtk.gtk_builder_new_from_string.restype = c_void_p
gtk.gtk_builder_get_object.restype = c_void_p
gtk.gtk_init(None, None)
UI = b"""<interface>
<object class="GtkWindow" id="program"><property name="title">Drawing</property>
<property name="default-width">500</property><property name="default-height">300</property>
<child><object class="GtkButton"><property name="visible">1</property>
<property name="label">Draw</property></object></child></object>
<object class="GtkDialog" id="asks"><property name="title">Licence</property>
<property name="modal">1</property><property name="transient-for">program</property>
<child internal-child="vbox"><object class="GtkBox"><property name="orientation">vertical</property>
<child><object class="GtkLabel"><property name="visible">1</property>
<property name="label">Nobody may copy this.</property></object></child>
<child><object class="GtkCheckButton" id="agree"><property name="visible">1</property>
<property name="label">I agree</property></object></child>
<child><object class="GtkButton" id="go"><property name="visible">1</property>
<property name="label">Continue</property>
<property name="sensitive" bind-source="agree" bind-property="active">0</property>
</object></child></object></child></object></interface>"""
builder = c_void_p(gtk.gtk_builder_new_from_string(c_char_p(UI), c_long(-1)))
def part(name):
    return c_void_p(gtk.gtk_builder_get_object(builder, c_char_p(name)))
close = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)(lambda *_: gtk.gtk_widget_hide(part(b"asks")))
glib.g_signal_connect_data(part(b"go"), c_char_p(b"clicked"), close, None, None, 0)
gtk.gtk_widget_show(part(b"program"))
gtk.gtk_widget_show(part(b"asks"))
gtk.gtk_main()
'''


class Eyes:
    """The screen tool, as a model uses it."""

    def __init__(self, desk: Desk) -> None:
        self.tool = ScreenTool(desk.desktop)

    async def do(self, name: str, **given: Any) -> ToolResult:
        return await self.tool.run(ToolCall("a", name, given), lambda _: None)

    async def outline(self) -> str:
        return (await self.do("outline")).text

    async def sees(self, *words: str) -> str:
        async def there() -> str | None:
            told = await self.outline()
            return told if all(each in told for each in words) else None

        return await until(there, f"an outline with {words}", 90)

    async def click(self, words: str) -> ToolResult:
        found = re.search(rf"“{re.escape(words)}”[^“]*?\b(e\d+)", await self.sees(f"“{words}”"))
        assert found
        return await self.do("click_on", ref=found[1])


async def hand(desk: Desk, name: str, **given: Any) -> ToolResult:
    return await ComputerTool(desk.desktop).run(ToolCall("a", name, given), lambda _: None)


async def test_a_program_that_hangs_is_told_of_by_every_way(desk: Desk) -> None:
    """To who acts by point and by keys, who looks by name, and who speaks; then it goes on."""
    window = await desk.open("mousepad")
    await desk.node("text", app="mousepad")
    point = list(window.box.center)
    told = "“Untitled 1 - Mousepad” does not answer: its program is busy or hangs."
    assert told not in (await hand(desk, "left_click", coordinate=point)).text
    await signalled(desk.desktop, "STOP", "mousepad")
    try:
        assert told in (await hand(desk, "left_click", coordinate=point)).text
        assert told in (await hand(desk, "key", text="Down")).text
        assert "does not answer" in (await hand(desk, "type", text="lost")).text
        eyes = Eyes(desk)
        assert "“Untitled 1 - Mousepad”, active, does not answer" in await eyes.outline()
        talk = Driver(desk.desktop)
        assert "does not answer: its program is busy or hangs" in await talk.say("click File")
        await talk.close()
    finally:
        await signalled(desk.desktop, "CONT", "mousepad")
    assert "does not answer" not in await eyes.sees("“File”")
    assert "does not answer" not in (await hand(desk, "left_click", coordinate=point)).text


async def test_a_licence_is_read_agreed_to_and_left(desk: Desk) -> None:
    """Its window must be answered first, and what is greyed out until then is no success."""
    await desk.start("/usr/bin/python3", "-c", LICENCE)
    eyes = Eyes(desk)
    told = await eyes.sees("“Licence”", "must be answered first", "“Nobody may copy this.”")
    assert "check box “I agree”" in told or "check “I agree”" in told, told
    behind = await eyes.click("Draw")
    assert behind.is_error, behind.text
    greyed = await eyes.click("Continue")
    assert greyed.is_error, greyed.text
    assert not (await eyes.click("I agree")).is_error
    assert not (await eyes.click("Continue")).is_error
    assert "Licence" not in await eyes.sees("“Draw”")


async def test_a_text_in_an_unknown_encoding_is_asked_about_in_words(desk: Desk) -> None:
    """The editor's own dialog is told by name, and answered by name."""
    (odd := desk.desktop.home / "odd.txt").write_bytes(b"caf\xe9 \xff\xfe na\xefve\n" * 3)
    odd.chmod(0o644)
    await desk.start("mousepad", "/home/user/odd.txt")
    eyes = Eyes(desk)
    told = await eyes.sees("dialog “", "button “")
    assert "UTF-8" in told, told
    assert not (await eyes.click("Cancel")).is_error


@pytest.mark.skipif(not shutil.which("soffice"), reason="the office set is not installed")
async def test_a_document_to_recover_is_asked_about_in_words(desk: Desk) -> None:
    """After an office program has crashed with changes that were not saved."""
    await desk.start("soffice", "--norestore", "--writer")
    talk = Driver(desk.desktop)

    async def ready() -> Node | None:
        return next(iter((await desk.desktop.tree()).showing("paragraph")), None)

    await until(ready, "a paragraph", 120)
    await desk.input.type("Not saved")

    async def written() -> bool:
        nodes = (await desk.desktop.tree()).showing("paragraph")
        return any("Not saved" in (node.text or "") for node in nodes)

    await until(written, "the text", 60)
    await signalled(desk.desktop, "SEGV", "/usr/lib/libreoffice/program/soffice.bin")

    async def gone() -> bool:
        return not await desk.windows.windows()

    await until(gone, "its end", 90)
    await desk.start("soffice", "--writer")
    eyes = Eyes(desk)
    await eyes.sees("Document Recovery", "Recover", "Discard")
    await talk.close()


PAGE = """<!doctype html><title>Large</title><button style="margin: 60px"
onclick="document.title='Pressed'">Press</button>"""


async def pressed(desk: Desk, role: str, name: str) -> None:
    """Click where the tree says that something is."""
    node = await desk.node(role, name)
    assert node.box
    clicked = await hand(desk, "left_click", coordinate=list(node.box.center))
    assert not clicked.is_error, clicked.text
    assert name in clicked.text


async def test_what_a_program_draws_larger_is_where_the_tree_says(desk: Desk) -> None:
    """Menus of a program at twice its size."""
    await desk.start("env", "GDK_SCALE=2", "mousepad")
    await pressed(desk, "menu", "File")
    await desk.node("menu item", "Save")
    await desk.input.key("Escape")


@pytest.mark.parametrize("zoom", ["device", "page"])
async def test_what_a_browser_draws_larger_is_where_the_tree_says(desk: Desk, zoom: str) -> None:
    """By a screen of high density, and by the page's own zoom."""
    (page := desk.desktop.home / "large.html").write_text(PAGE, "utf-8")
    page.chmod(0o644)
    larger = ["--force-device-scale-factor=1.5"] if zoom == "device" else []
    await desk.start("chromium", *larger, "file:///home/user/large.html")
    before = await desk.node("push button", "Press")
    if zoom == "page":
        await desk.input.key("ctrl+plus", repeat=3)

        async def grown() -> bool:
            now = await desk.node("push button", "Press")
            return bool(now.box and before.box and now.box.width > before.box.width)

        await until(grown, "a larger button", 60)
    await pressed(desk, "push button", "Press")

    async def done() -> bool:
        return any("Pressed" in window.title for window in await desk.windows.windows())

    await until(done, "the page's title", 60)
