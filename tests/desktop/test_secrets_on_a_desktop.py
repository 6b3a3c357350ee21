"""A real password field gets the secret; the log, the model and the pictures do not."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import pytest
from desks import until
from PIL import Image
from pydantic import SecretStr

from agent.desktop.base import Node
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.tools.vault import Secret

pytestmark = [pytest.mark.desktop, pytest.mark.slow]

VALUE = "Xk7-lagoon-Quartz"
LETTERS = """
import ctypes, sys
gtk, glib = ctypes.CDLL("libgtk-3.so.0"), ctypes.CDLL("libglib-2.0.so.0")
gobject = ctypes.CDLL("libgobject-2.0.so.0")
for name in ("gtk_window_new", "gtk_entry_new", "gtk_entry_get_text"):
    getattr(gtk, name).restype = ctypes.c_void_p
glib.g_set_prgname(b"letters")
gtk.gtk_init(None, None)
window, entry = ctypes.c_void_p(gtk.gtk_window_new(0)), ctypes.c_void_p(gtk.gtk_entry_new())
gtk.gtk_window_set_title(window, b"Log in")
gtk.gtk_entry_set_visibility(entry, 0)
gtk.gtk_container_add(window, entry)

@ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
def entered(*_):
    text = ctypes.cast(gtk.gtk_entry_get_text(entry), ctypes.c_char_p).value
    open(".came", "wb").write(text)
    gtk.gtk_entry_set_visibility(entry, 1)

gobject.g_signal_connect_data(entry, b"activate", entered, None, None, 0)
gtk.gtk_widget_show_all(window)
gtk.gtk_main()
"""
"""A window with a password field, which shows its text when Return is pressed."""


async def test_a_password_field_gets_it_and_nobody_reads_it(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, model="offline", sandbox="prefer")
    session = Session.create(
        settings, secrets=[Secret("mail password", SecretStr(VALUE), "Letters", "log in")]
    )
    await session.open()
    try:
        await session.desktop.spawn(["/usr/bin/python3", "-c", LETTERS])
        await until(lambda: field(session, "password text"), "the password field")
        await ask(session, "Type the secret mail password")
        await say(session, "Press enter")
        came = session.desktop.home / ".came"

        async def arrived() -> bool:
            return await asyncio.to_thread(came.exists)

        await until(arrived, "what was typed")
        assert came.read_text("utf-8") == VALUE
        await is_covered(session)
        await ask(session, "Run cat .came; echo " + VALUE[:4] + "'" + VALUE[4:] + "'")
    finally:
        await session.close()
    assert "<secret>mail password</secret>" in told(session)
    for file in tmp_path.rglob("*"):
        if file.is_file() and "home" not in file.relative_to(tmp_path).parts:
            assert VALUE.encode() not in file.read_bytes(), file


async def field(session: Session, role: str) -> Node | None:
    return next(iter((await session.desktop.tree()).showing(role)), None)


async def say(session: Session, text: str) -> None:
    session.say(text)
    await session.wait_idle(60)
    finished = session.log.of(ev.TaskFinished)[-1]
    assert finished.outcome == "done", finished


async def ask(session: Session, text: str) -> None:
    """Say it, and allow what is asked."""
    since = len(session.log)
    session.say(text)
    asked = await session.log.wait_for(
        lambda e: isinstance(e, ev.ApprovalAsked), since=since, timeout=60
    )
    assert isinstance(asked, ev.ApprovalAsked)
    assert VALUE not in asked.question
    assert session.approve(asked.approval_id, "allow", channel="button")
    await session.wait_idle(60)
    finished = session.log.of(ev.TaskFinished)[-1]
    assert finished.outcome == "done", finished


def told(session: Session) -> str:
    return "".join(e.text for e in session.log.of(ev.ActionFinished))


async def is_covered(session: Session) -> None:
    """The field shows its text now; each picture has it black, and the part enlarged as well."""

    async def shows() -> Node | None:
        found = await field(session, "text")
        return found if found and VALUE in (found.text or "") else None

    shown = await until(shows, "the text in the open")
    box = shown.box
    assert box is not None
    region = (box.x, box.y, box.x + box.width, box.y + box.height)
    whole = pixels((await session.desktop.screenshot()).data)
    assert not whole[region[1] : region[3], region[0] : region[2]].any()
    assert not pixels((await session.desktop.zoom(region)).data).any()
    frame = await session.desktop.grab()
    bare = np.frombuffer(frame.rgb, np.uint8).reshape(frame.height, frame.width, 3)
    assert bare[region[1] : region[3], region[0] : region[2]].any()  # it is on the screen


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
