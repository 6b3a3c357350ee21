"""Names of files: as they are shown, as they travel in addresses, and as they may come in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import PurePath
from urllib.parse import quote_from_bytes, unquote_to_bytes

LONGEST = 255
"""Bytes of one name that Linux's file systems hold."""

_ROOM = 12
"""Bytes kept free for a number such as " (123)"."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)", re.IGNORECASE)
"""What Windows takes for a device: a download of it would fail there."""

_NOWHERE = str.maketrans(dict.fromkeys('<>:"|?*', "_"))
"""Signs that Windows has in no name."""

_EMPTY = "file"


def to_bytes(path: str | bytes | PurePath) -> bytes:
    """A path as the file system has it; bytes that are no UTF-8 stand as surrogates."""
    if isinstance(path, bytes):
        return path
    return str(path).encode("utf-8", "surrogateescape")


def to_text(path: bytes) -> str:
    """The reverse of `to_bytes`."""
    return path.decode("utf-8", "surrogateescape")


def to_key(path: str | bytes | PurePath) -> str:
    """A path as plain ASCII, fit for JSON, events and addresses; `from_key` reverses it."""
    return quote_from_bytes(to_bytes(path), safe="/ ()+,;=@")


def from_key(key: str) -> str:
    """The path of a key."""
    return to_text(unquote_to_bytes(key))


def shown(path: str | bytes | PurePath) -> str:
    """A path for people: what would not be seen, or would mislead, is written out."""
    text = to_text(to_bytes(path))
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(sign: str) -> str:
    if sign.isprintable() or unicodedata.category(sign) == "Zs":
        return sign
    if "\udc80" <= sign <= "\udcff":
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


def safe_name(name: str | bytes) -> str:
    """A name for a file that comes from outside: as close to the given one as is safe.

    It is not empty, not hidden, no path, no option, no device, has no signs that are not
    seen, and leaves room for a number.
    """
    text = _decoded(to_bytes(name) if isinstance(name, bytes) else _plain(name))
    text = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    text = unicodedata.normalize("NFC", "".join(map(_kept, text)))
    text = " ".join(text.split()).lstrip(".").rstrip(". ").strip()
    if text.startswith(("-", "~")) or _RESERVED.match(text):
        text = f"_{text}"
    return cut_name(text or _EMPTY, LONGEST - _ROOM)


def portable_name(name: str | bytes) -> str:
    """A name under which a file can be saved on any system."""
    return safe_name(name).translate(_NOWHERE)


def free_name(name: str, taken: Callable[[str], bool]) -> str:
    """``name``, or the first of "name (2)", "name (3)" … that is not taken."""
    number, free = 1, name
    while taken(free):
        number += 1
        free = numbered(name, number)
    return free


def numbered(name: str, number: int) -> str:
    """A name with a number before its ending."""
    stem, ending = _split(name)
    return f"{cut_name(stem, LONGEST - _ROOM - len(ending.encode()))} ({number}){ending}"


def _plain(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape" if _escapes(name) else "replace")


def _escapes(name: str) -> bool:
    """Whether every surrogate stands for a byte."""
    return not re.search("[\ud800-\udc7f\udd00-\udfff]", name)


def _decoded(name: bytes) -> str:
    """What is no UTF-8 is most often an old Windows or Latin-1 name."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp1252", "replace")


def _kept(sign: str) -> str:
    category = unicodedata.category(sign)
    if category in ("Zs", "Zl", "Zp") or sign in "\t\n\r\v\f":
        return " "
    return "" if category[0] == "C" or sign == "\ufffd" else sign


def _split(name: str) -> tuple[str, str]:
    """Stem and ending; ``.tar.gz`` is one ending, and a long one is none."""
    stem, dot, last = name.rpartition(".")
    if not stem or len(last.encode()) > 16:
        return name, ""
    if stem.lower().endswith(".tar") and len(stem) > len(".tar"):
        return stem[:-4], f"{stem[-4:]}{dot}{last}"
    return stem, f"{dot}{last}"


def cut_name(name: str, most: int = LONGEST) -> str:
    """Shorten the stem until the whole has at most ``most`` bytes."""
    if len(name.encode()) <= most:
        return name
    stem, ending = _split(name)
    room = max(most - len(ending.encode()), 1)
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + ending
