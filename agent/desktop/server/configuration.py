"""What of the machine's ``/etc`` programs on the desktop may see: derived, not guessed.

* What a package shipped and nobody has changed since (its sum is dpkg's): public by nature.
* Folders that belong to nothing but programs of the menu and what those depend on, with what
  their set-up wrote there.
* A few files that belong to no package and that every program reads.

Never what others than its owner's group may not read, nor what is named after a secret or says
whose machine it is.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_DPKG = Path("/var/lib/dpkg")
_MENU = "/usr/share/applications/"

_SHARED = tuple(
    "alternatives ca-certificates default/locale drirc fonts gai.conf glvnd gtk-2.0 gtk-3.0 "  # noqa: SIM905
    "gtk-4.0 host.conf inputrc ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime magic "
    "magic.mime mime.types protocols services ssl/certs ssl/openssl.cnf terminfo timezone vulkan "
    "X11 xdg/menus xml".split()
)
"""Below ``/etc``: what is generated, or all there is to go by where dpkg is not."""

_NEVER = re.compile(
    r"^(shadow|gshadow|passwd|group|sub[ug]id|sudo|ssh|ssl/private|pam|security|apt|dpkg|cron|"
    r"init|rc.\.d|systemd|sysctl|network|NetworkManager|netplan|wpa|ppp|dhcp|udev|modprobe|"
    r"apparmor|selinux|audit|fstab|crypttab|hosts|hostname|machine-id|resolv|issue|motd|mail|"
    r"exim|postfix|aliases|cups|samba|krb5|openvpn|wireguard|ipsec|docker|kubernetes|letsencrypt|"
    r"mysql|postgresql|redis|apache2|nginx|lighttpd|caddy|skel|update-motd|logrotate|logcheck)",
    re.IGNORECASE,
)
"""Beginnings of paths below ``/etc`` that no program of a desktop needs."""

_SECRET = re.compile(r"secret|passw|credential|token|private|htpasswd|\.key$|keytab", re.IGNORECASE)
_DEPENDS = re.compile(r"^(?:Depends|Pre-Depends|Recommends): (.+)$", re.MULTILINE)
_CONFFILE = re.compile(r"^ /etc/(\S+) ([0-9a-f]{32})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Package:
    conffiles: tuple[tuple[str, str], ...]
    needs: frozenset[str]
    listed: tuple[str, ...]
    """What it lists below ``/etc``."""

    in_menu: bool


def visible() -> tuple[str, ...]:
    """Paths below ``/etc`` that a desktop sees, none within another. Blocks for a moment."""
    try:
        when = (_DPKG / "status").stat().st_mtime_ns
    except OSError:
        when = 0
    return _visible(when)


@functools.lru_cache(1)
def _visible(when: int) -> tuple[str, ...]:
    """``when``: dpkg's last change."""
    return derive(Path("/etc"), _DPKG)


def derive(etc: Path, dpkg: Path) -> tuple[str, ...]:
    """The same of any machine: its ``/etc``, and dpkg's records of it, if there are any."""
    packages = _packages(dpkg) if (dpkg / "status").is_file() else {}
    wanted = {name for name in _SHARED if _readable(etc / name)}
    wanted |= {name for name in _folders(packages, etc) if _readable(etc / name)}
    wanted |= {
        name
        for package in packages.values()
        for name, digest in package.conffiles
        if _allowed(name) and _readable(etc / name) and _unchanged(etc / name, digest)
    }
    return tuple(sorted(_outermost(_gathered(etc, wanted))))


def _allowed(name: str) -> bool:
    return not _NEVER.match(name) and not _SECRET.search(name)


def _readable(path: Path) -> bool:
    """Whether anybody may read a path and all below it, and none of it is a secret's."""
    try:
        if not path.is_dir():
            return bool(path.stat().st_mode & stat.S_IROTH)
        open_to_all = path.stat().st_mode & 0o5 == 0o5
        return open_to_all and all(
            not _SECRET.search(name) and (Path(root, name).stat().st_mode & 0o4)
            for root, folders, names in os.walk(path)
            for name in (*folders, *_existing(root, names))
        )
    except OSError:
        return False


def _existing(root: str, names: Iterable[str]) -> Iterator[str]:
    """Names without links that lead nowhere."""
    return (name for name in names if os.path.exists(os.path.join(root, name)))


def _unchanged(path: Path, digest: str) -> bool:
    try:
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() == digest
    except OSError:
        return False


def _packages(dpkg: Path) -> dict[str, _Package]:
    """What is installed, by name."""
    found = {}
    lists = _lists(dpkg)
    for entry in (dpkg / "status").read_text("utf-8", "replace").split("\n\n"):
        name = re.match(r"Package: (\S+)", entry)
        if name is None or "\nStatus: install ok installed" not in entry:
            continue
        needs = {
            re.split(r"[ :(]", choice.strip())[0]
            for line in _DEPENDS.findall(entry)
            for choice in re.split(r"[,|]", line)
        }
        listed, in_menu = lists.get(name[1], ((), False))
        conffiles = tuple(_CONFFILE.findall(entry))
        found[name[1]] = _Package(conffiles, frozenset(needs), listed, in_menu)
    return found


def _lists(dpkg: Path) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Of each package, what it lists below ``/etc``, and whether it is in the menu."""
    found = {}
    for path in (dpkg / "info").glob("*.list"):
        text = path.read_text("utf-8", "replace")
        lines = text.split("\n") if "/etc/" in text else ()
        below = tuple(line[5:] for line in lines if line.startswith("/etc/"))
        found[path.stem.partition(":")[0]] = below, _MENU in text
    return found


def _folders(packages: dict[str, _Package], etc: Path) -> set[str]:
    """Folders that belong to programs of the menu and what they need, and to nothing else."""
    needed: set[str] = set()
    waiting = [name for name, package in packages.items() if package.in_menu]
    while waiting:
        name = waiting.pop()
        if name in packages and name not in needed:
            needed.add(name)
            waiting += packages[name].needs
    others = {
        path for name, package in packages.items() if name not in needed for path in package.listed
    }
    mine = {path for name in needed for path in packages[name].listed} - others
    return {path for path in mine if _allowed(path) and (etc / path).is_dir()}


def _gathered(etc: Path, wanted: set[str]) -> set[str]:
    """The same with each folder whose content is all wanted in place of what is in it."""
    gathered = set(wanted)
    folders = {str(parent) for name in wanted for parent in Path(name).parents} - {"."}
    for folder in sorted(folders, key=len, reverse=True):
        content = os.listdir(etc / folder)
        if _allowed(folder) and all(f"{folder}/{name}" in gathered for name in content):
            gathered.add(folder)
    return gathered


def _outermost(names: set[str]) -> set[str]:
    return {
        name for name in names if not any(str(parent) in names for parent in Path(name).parents)
    }
