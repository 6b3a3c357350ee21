"""Which window the server sends keys to: asked for by two connections, on two threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from Xlib import X
from Xlib.error import BadDrawable, BadMatch, BadWindow
from Xlib.protocol import request

MENUS = tuple(f"_NET_WM_WINDOW_TYPE_{kind}" for kind in ("MENU", "DROPDOWN_MENU", "POPUP_MENU"))
GONE = (BadWindow, BadDrawable, BadMatch)


def focused_id(display: Any) -> int:
    """Id of the window with the input focus, 0 for none, 1 for whatever is under the pointer."""
    focus = display.get_input_focus().focus
    return int(getattr(focus, "id", focus))


def keyboard_window(display: Any) -> int:
    """Id of the application's window that has the input focus; 0 if none can be seen."""
    root = display.screen().root
    focus = focused_id(display)
    try:
        if focus == X.PointerRoot:
            child = root.query_pointer().child
            found = client_of(display, child) or child if child else None
        else:
            found = _top(display, root, focus) if focus > 1 else None
        return found.id if found and _is_seen(root, found) else 0
    except GONE:
        return 0


def open_menu(display: Any) -> int:
    """Id of the topmost open menu, which has grabbed the keyboard; 0 if none is open."""
    kinds = {display.get_atom(name) for name in MENUS}
    for window in _unmanaged(display):
        try:
            said = window.get_full_property(
                display.get_atom("_NET_WM_WINDOW_TYPE"), X.AnyPropertyType
            )
        except GONE:
            continue
        if said and kinds.intersection(said.value):
            return int(window.id)
    return 0


def client_of(display: Any, window: Any) -> Any:
    """The application's window inside a frame: the one that carries WM_STATE; None if none."""
    if window.get_full_property(display.get_atom("WM_STATE"), X.AnyPropertyType) is not None:
        return window
    for child in window.query_tree().children:
        if found := client_of(display, child):
            return found
    return None


def _top(display: Any, root: Any, focus: int) -> Any:
    """The application's window around a window, or the outermost one if none manages it."""
    window = display.create_resource_object("window", focus)
    while window.id != root.id:
        if window.get_full_property(display.get_atom("WM_STATE"), X.AnyPropertyType) is not None:
            return window
        parent = window.query_tree().parent
        if parent == X.NONE or parent.id == root.id:
            return window
        window = parent
    return None


def _is_seen(root: Any, window: Any) -> bool:
    """Whether it is on the screen: window managers keep the focus in one beside it meanwhile."""
    look = window.get_attributes()
    if look.map_state != X.IsViewable or look.win_class != X.InputOutput:
        return False
    size, screen = window.get_geometry(), root.get_geometry()
    place = root.translate_coords(window, 0, 0)
    across = place.x < screen.width and place.x + size.width > 0
    return bool(across and place.y < screen.height and place.y + size.height > 0)


def _unmanaged(display: Any) -> Iterator[Any]:
    """Windows that no window manager frames, topmost first; all are asked about at once."""
    windows = display.screen().root.query_tree().children[::-1]
    asked = [
        request.GetWindowAttributes(display=display.display, defer=1, window=window.id)
        for window in windows
    ]
    for window, answer in zip(windows, asked, strict=True):
        try:
            answer.reply()
        except GONE:
            continue
        if answer.override_redirect and answer.map_state == X.IsViewable:
            yield window
