"""Shows a window of GTK from its description, and writes down where its parts are and what is done.

``show.py FILE.ui LOG``: run by the system's interpreter; GTK is spoken to directly.
Each line of the log is JSON: ``{"boxes": {id: [x, y, width, height]}}`` on the screen whenever
that changes, and ``{"did": signal, "id": id, "value": text}``. A cell is called ``id/row/column``;
row -1 is the table's head.
"""

from __future__ import annotations

import ctypes
import json
import sys
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_double, c_int, c_uint, c_void_p

gtk = ctypes.CDLL("libgtk-3.so.0")
gdk = ctypes.CDLL("libgdk-3.so.0")
gobject = ctypes.CDLL("libgobject-2.0.so.0")
glib = ctypes.CDLL("libglib-2.0.so.0")

SIGNALS = {
    "GtkButton": "clicked",
    "GtkToggleButton": "toggled",
    "GtkCheckButton": "toggled",
    "GtkRadioButton": "toggled",
    "GtkMenuButton": "toggled",
    "GtkColorButton": "clicked",
    "GtkFontButton": "clicked",
    "GtkLinkButton": "clicked",
    "GtkToolButton": "clicked",
    "GtkMenuItem": "activate",
    "GtkEntry": "changed",
    "GtkSearchEntry": "changed",
    "GtkSpinButton": "value-changed",
    "GtkScale": "value-changed",
    "GtkComboBoxText": "changed",
    "GtkSwitch": "notify::active",
    "GtkExpander": "activate",
    "GtkTreeView": "cursor-changed",
    "GtkNotebook": "switch-page",
}
CALLBACK = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p)
TICK = CFUNCTYPE(c_int, c_void_p)


def returning(library: ctypes.CDLL, name: str, kind: object, *given: object) -> object:
    """A function of a library with the types that it has."""
    function = getattr(library, name)
    function.restype, function.argtypes = kind, given
    return function


class Rectangle(ctypes.Structure):
    _fields_ = [(name, c_int) for name in ("x", "y", "width", "height")]


builder_new = returning(gtk, "gtk_builder_new_from_file", c_void_p, c_char_p)
builder_get = returning(gtk, "gtk_builder_get_object", c_void_p, c_void_p, c_char_p)
builder_all = returning(gtk, "gtk_builder_get_objects", c_void_p, c_void_p)
name_of = returning(gtk, "gtk_buildable_get_name", c_char_p, c_void_p)
type_of = returning(gobject, "g_type_name_from_instance", c_char_p, c_void_p)
connect = returning(
    gobject,
    "g_signal_connect_data",
    c_void_p,
    c_void_p,
    c_char_p,
    CALLBACK,
    c_void_p,
    c_void_p,
    c_int,
)
entry_text = returning(gtk, "gtk_entry_get_text", c_char_p, c_void_p)
is_active = returning(gtk, "gtk_toggle_button_get_active", c_int, c_void_p)
is_on = returning(gtk, "gtk_switch_get_active", c_int, c_void_p)
range_value = returning(gtk, "gtk_range_get_value", c_double, c_void_p)
spin_value = returning(gtk, "gtk_spin_button_get_value", c_double, c_void_p)
chosen_text = returning(gtk, "gtk_combo_box_text_get_active_text", c_char_p, c_void_p)
top_of = returning(gtk, "gtk_widget_get_toplevel", c_void_p, c_void_p)
window_of = returning(gtk, "gtk_widget_get_window", c_void_p, c_void_p)
is_mapped = returning(gtk, "gtk_widget_get_mapped", c_int, c_void_p)
width_of = returning(gtk, "gtk_widget_get_allocated_width", c_int, c_void_p)
height_of = returning(gtk, "gtk_widget_get_allocated_height", c_int, c_void_p)
moved = returning(
    gtk, "gtk_widget_translate_coordinates", c_int, c_void_p, c_void_p, c_int, c_int,
    POINTER(c_int), POINTER(c_int),
)  # fmt: skip
origin_of = returning(gdk, "gdk_window_get_origin", c_int, c_void_p, POINTER(c_int), POINTER(c_int))
column_of = returning(gtk, "gtk_tree_view_get_column", c_void_p, c_void_p, c_int)
column_head = returning(gtk, "gtk_tree_view_column_get_button", c_void_p, c_void_p)
model_of = returning(gtk, "gtk_tree_view_get_model", c_void_p, c_void_p)
rows_of = returning(gtk, "gtk_tree_model_iter_n_children", c_int, c_void_p, c_void_p)
path_of = returning(gtk, "gtk_tree_path_new_from_string", c_void_p, c_char_p)
cell_area = returning(
    gtk, "gtk_tree_view_get_background_area", None, c_void_p, c_void_p, c_void_p, POINTER(Rectangle)
)
bin_window = returning(gtk, "gtk_tree_view_get_bin_window", c_void_p, c_void_p)
cursor_of = returning(
    gtk, "gtk_tree_view_get_cursor", None, c_void_p, POINTER(c_void_p), POINTER(c_void_p)
)
path_text = returning(gtk, "gtk_tree_path_to_string", c_char_p, c_void_p)
show_all = returning(gtk, "gtk_widget_show", None, c_void_p)
timeout = returning(glib, "g_timeout_add", c_uint, c_uint, TICK, c_void_p)


class ListNode(ctypes.Structure):
    _fields_ = [("data", c_void_p), ("next", c_void_p)]


def objects(builder: int) -> dict[str, int]:
    """All that have an id of their own, by it."""
    found, node = {}, builder_all(builder)
    while node:
        each = ctypes.cast(node, POINTER(ListNode)).contents
        kind = type_of(each.data).decode()
        name = name_of(each.data) if kind not in ("GtkAdjustment", "GtkTreeSelection") else None
        if name and not name.startswith(b"___"):
            found[name.decode()] = each.data
        node = each.next
    return found


def value_of(widget: int, kind: str) -> str:
    """What a part holds now."""
    if kind in ("GtkEntry", "GtkSearchEntry"):
        return entry_text(widget).decode()
    if kind in ("GtkToggleButton", "GtkCheckButton", "GtkRadioButton", "GtkMenuButton"):
        return str(bool(is_active(widget)))
    if kind == "GtkSwitch":
        return str(bool(is_on(widget)))
    if kind == "GtkScale":
        return f"{range_value(widget):g}"
    if kind == "GtkSpinButton":
        return f"{spin_value(widget):g}"
    if kind == "GtkComboBoxText":
        return (chosen_text(widget) or b"").decode()
    if kind == "GtkTreeView":
        path, column = c_void_p(), c_void_p()
        cursor_of(widget, byref(path), byref(column))
        return path_text(path).decode() if path else ""
    return ""


def box_of(widget: int) -> list[int] | None:
    """Where a part is on the screen; None where it does not show."""
    if not is_mapped(widget):
        return None
    top, x, y, left, above = top_of(widget), c_int(), c_int(), c_int(), c_int()
    moved(widget, top, 0, 0, byref(x), byref(y))
    origin_of(window_of(top), byref(left), byref(above))
    return [x.value + left.value, y.value + above.value, width_of(widget), height_of(widget)]


def cells_of(name: str, table: int) -> dict[str, list[int]]:
    """The cells of a table and its head."""
    found, place = {}, 0
    left, above = c_int(), c_int()
    if not is_mapped(table):
        return found
    origin_of(bin_window(table), byref(left), byref(above))
    while column := column_of(table, place):
        if box := box_of(column_head(column)):
            found[f"{name}/-1/{place}"] = box
        for row in range(rows_of(model_of(table), None)):
            area = Rectangle()
            cell_area(table, path_of(str(row).encode()), column, byref(area))
            found[f"{name}/{row}/{place}"] = [
                area.x + left.value, area.y + above.value, area.width, area.height
            ]  # fmt: skip
        place += 1
    return found


def main() -> None:
    """Show the window until it is closed."""
    described, log = sys.argv[1:3]
    gtk.gtk_init(None, None)
    builder = builder_new(described.encode())
    parts = objects(builder)
    kinds = {name: type_of(part).decode() for name, part in parts.items()}
    out = open(log, "a", buffering=1)  # noqa: SIM115 - as long as the window

    def tell(**said: object) -> None:
        out.write(json.dumps(said, ensure_ascii=False) + "\n")

    kept = []

    def watch(name: str, signal: str) -> None:
        def did(*_: object) -> None:
            tell(did=signal, id=name, value=value_of(parts[name], kinds[name]))

        kept.append(CALLBACK(did))
        connect(parts[name], signal.encode(), kept[-1], None, None, 0)

    for name, kind in kinds.items():
        if kind in SIGNALS:
            watch(name, SIGNALS[kind])
    last: dict[str, list[int]] = {}

    def look(_: object) -> int:
        nonlocal last
        boxes = {}
        for name, kind in kinds.items():
            if kind.startswith("Gtk") and not kind.endswith(("Store", "Renderer", "Column")):
                if kind == "GtkTreeView":
                    boxes |= cells_of(name, parts[name])
                if kind != "GtkMenu" and (box := box_of(parts[name])):
                    boxes[name] = box
        if boxes != last:
            last = boxes
            tell(boxes=boxes)
        return 1

    kept.append(TICK(look))
    timeout(200, kept[-1], None)
    window = builder_get(builder, b"window")
    end = CALLBACK(lambda *_: gtk.gtk_main_quit())
    connect(window, b"destroy", end, None, None, 0)
    show_all(window)
    gtk.gtk_main()


if __name__ == "__main__":
    main()
