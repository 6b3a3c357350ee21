"""The box a desktop lives in: its folder, its unprivileged user, its ``bwrap`` command."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import random
import secrets
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import DesktopUnavailable

LIMITS = {
    "nproc": 1024,  # processes and threads
    "data": 6 << 30,  # bytes of private memory of one process
    "fsize": 1 << 30,  # bytes of one file
    "nofile": 4096,
    "core": 0,
    "oom": 500,  # first to go when memory runs out
}
_UIDS = range(61184, 65520)  # what systemd calls dynamic users: nobody has an account there
_LONGEST_SOCKET = 107
_INTERPRETER = "/usr/bin/python3"

# What programs need of /etc; nothing that identifies the person or the machine.
_ETC = tuple(
    "X11 alternatives ca-certificates chromium chromium.d dconf default/locale drirc firefox "  # noqa: SIM905
    "firefox-esr fonts gai.conf glvnd gtk-2.0 gtk-3.0 gtk-4.0 host.conf inputrc java-17-openjdk "
    "ld.so.cache ld.so.conf ld.so.conf.d locale.alias localtime magic magic.mime mime.types "
    "protocols python3 python3.11 services ssl/certs ssl/openssl.cnf terminfo timezone vulkan "
    "xdg/Thunar xdg/menus xdg/xfce4 xml".split()
)


@dataclass(frozen=True, slots=True)
class Box:
    """A session's folder: same path inside and outside, removed when the desktop stops."""

    path: Path
    uid: int
    lock: int
    """Descriptor that holds the folder's lock for as long as this process lives."""
    confined: bool = True
    _kept: threading.Lock = field(default_factory=threading.Lock, compare=False)
    """Taken by whoever removes the folder: a stop that is cut short is followed by another."""

    @property
    def home(self) -> Path:
        return self.path / "home"

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def x11(self) -> Path:
        return self.path / "x11"

    @property
    def etc(self) -> Path:
        return self.path / "etc"

    def own(self, *paths: Path) -> None:
        """Hand files to the desktop's user."""
        if os.geteuid() == 0:
            for path in paths:
                os.chown(path, self.uid, self.uid, follow_symlinks=False)

    def clear(self) -> None:
        """Empty what belongs to one run of the desktop; the home stays."""
        for folder in (self.run, self.x11):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            self.own(folder)

    def remove(self) -> None:
        """Delete the folder with all that is in it; once, from whichever thread."""
        if not self._kept.acquire(blocking=False):
            return
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)
        with contextlib.suppress(OSError), _exclusive(self.path.parent) as base:
            base.rmdir()


def base_folder(root: Path | None) -> Path:
    """Where sessions' folders go: ``root``, or one per user in the temporary folder.

    Raises:
        DesktopUnavailable: somebody else owns it.
    """
    base = root or Path(tempfile.gettempdir()) / f"sayso-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o711, parents=True)
    info = base.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.geteuid() or info.st_mode & 0o022:
        raise DesktopUnavailable(
            f"{base} is not a private folder of this user. Remove it, or give another root."
        )
    return base


@contextlib.contextmanager
def _exclusive(root: Path | None) -> Iterator[Path]:
    """The base folder, while no other process makes or removes folders in it."""
    while True:
        base = base_folder(root)
        descriptor = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if base.exists() and os.path.samestat(base.stat(), os.fstat(descriptor)):
                yield base
                return
        finally:
            os.close(descriptor)


def _lock(path: Path) -> int | None:
    """Lock a session's folder, or None while its owner lives or it is gone."""
    try:
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def sweep(base: Path) -> None:
    """Remove folders whose owner died without cleaning up."""
    for path in base.glob("d[0-9]*"):
        if (path / "lock").is_file() and (lock := _lock(path)) is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _new_folder(base: Path) -> tuple[Path, int]:
    for _ in range(200):
        number = random.choice(_UIDS)  # noqa: S311 - a free number, not a secret
        path = base / f"d{number}"
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            return path, number
    raise DesktopUnavailable(f"{base} is full of desktops. Stop some of them.")


def make_box(root: Path | None, *, confined: bool = True) -> Box:
    """Make a locked, private folder for one desktop, after sweeping dead ones.

    Under root the desktop gets a user of its own; unconfined it must be one that the
    password database knows (dbus-daemon insists): nobody.

    Raises:
        DesktopUnavailable: the path is too long for a socket, or not private.
    """
    with _exclusive(root) as base:
        sweep(base)
        path, number = _new_folder(base)
        if len(str(path / "run/at-spi/bus_0")) > _LONGEST_SOCKET:
            path.rmdir()
            raise DesktopUnavailable(f"{base} is too long for sockets. Give a shorter root.")
        lock = _lock(path)
        if lock is None:
            raise DesktopUnavailable(f"{path} cannot be locked. Is the disk full?")
    unprivileged = number if confined else pwd.getpwnam("nobody").pw_uid
    box = Box(path, unprivileged if os.geteuid() == 0 else os.geteuid(), lock, confined)
    for folder in (box.home, box.run, box.x11, box.etc):
        folder.mkdir(mode=0o700)
    box.own(path, box.home, box.run, box.x11, box.etc)
    return box


def write_etc(box: Box, guardian: Path) -> None:
    """Write the sandbox's own small ``/etc`` and a copy of the guardian."""
    files = {
        "passwd": f"root:x:0:0:root:/nonexistent:/bin/false\n"
        f"user:x:{box.uid}:{box.uid}:Desktop user:{box.home}:/bin/bash\n",
        "group": f"root:x:0:\nuser:x:{box.uid}:\n",
        "hosts": "127.0.0.1 localhost desktop\n::1 localhost\n",
        "hostname": "desktop\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "machine-id": secrets.token_hex(16) + "\n",
        "accessibility.conf": bus_config("accessibility", ""),
        "guardian.py": guardian.read_text(),
    }
    for name, text in files.items():
        (box.etc / name).write_text(text)
        (box.etc / name).chmod(0o644)
        box.own(box.etc / name)


def bus_config(kind: str, listen: str) -> str:
    """A dbus-daemon configuration whose only gate is the folder of its socket."""
    folders = {
        "session": "<standard_session_servicedirs/>",
        "accessibility": "<servicedir>/usr/share/dbus-1/accessibility-services</servicedir>",
    }[kind]
    return f"""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>{kind}</type>
  <listen>{listen or "unix:dir=/tmp"}</listen>
  {folders}
  <auth>EXTERNAL</auth>
  <auth>ANONYMOUS</auth>
  <allow_anonymous/>
  <policy context="default">
    <allow user="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
  <limit name="max_match_rules_per_connection">50000</limit>
  <limit name="max_replies_per_connection">50000</limit>
  <limit name="reply_timeout">60000</limit>
</busconfig>
"""


def _interpreter() -> tuple[str, list[str]]:
    """A Python for the guardian, and the binds that bring it inside."""
    if Path(_INTERPRETER).exists():
        return _INTERPRETER, []
    prefix = str(Path(sys.base_prefix).resolve())
    binds = [] if prefix.startswith("/usr") else ["--ro-bind", prefix, prefix]
    return str(Path(prefix) / "bin" / f"python3.{sys.version_info.minor}"), binds


def _system_binds() -> list[str]:
    words = ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/opt", "/opt"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/") / name
        if path.is_symlink():
            words += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            words += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for place in ("/var/cache/fontconfig", "/var/lib/xkb"):
        words += ["--ro-bind-try", place, place]
    return words


def _own_etc(box: Box, network: bool) -> list[str]:
    places = {
        "passwd": "/etc/passwd",
        "group": "/etc/group",
        "hosts": "/etc/hosts",
        "hostname": "/etc/hostname",
        "nsswitch.conf": "/etc/nsswitch.conf",
        "machine-id": "/etc/machine-id",
        "accessibility.conf": "/etc/at-spi2/accessibility.conf",
        "guardian.py": "/run/guardian.py",
    }
    words = []
    for name, place in places.items():
        words += ["--ro-bind", str(box.etc / name), place]
    if network:
        words += ["--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]
    return words


def _bwrap(box: Box, network: bool) -> list[str]:
    words = ["bwrap", "--unshare-all", "--hostname", "desktop", "--die-with-parent"]
    words += ["--new-session", "--cap-drop", "ALL"]
    if network:
        words.append("--share-net")
    words += [*_system_binds(), "--proc", "/proc", "--dev", "/dev"]
    for folder, size in (("/tmp", 1 << 30), ("/var/tmp", 1 << 28), ("/run", 1 << 26)):  # noqa: S108
        words += ["--size", str(size), "--tmpfs", folder]
    words += _own_etc(box, network)
    for path in (box.home, box.run):
        words += ["--bind", str(path), str(path)]
    words += ["--bind", str(box.x11), "/tmp/.X11-unix"]  # noqa: S108
    return [*words, "--chdir", str(box.home)]


def _as_user(box: Box) -> list[str]:
    """Give up root before anything else runs."""
    if os.geteuid() != 0:
        return []
    uid = str(box.uid)
    return ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs", "--"]


def command(box: Box, channel: int, limits: str, *, confined: bool, network: bool) -> Sequence[str]:
    """The command line of a desktop's guardian, in a sandbox or without one.

    Raises:
        DesktopUnavailable: a program for it is missing.
    """
    python, binds = _interpreter()
    if not confined:
        return [*_as_user(box), *open_command(box.etc / "guardian.py"), str(channel), limits, "1"]
    needed = [*(["setpriv"] if os.geteuid() == 0 else []), "bwrap"]
    if missing := [name for name in needed if not shutil.which(name)]:
        raise DesktopUnavailable(f"{', '.join(missing)} not found. Run script/bootstrap.")
    run = [*_bwrap(box, network), *binds, python, "-I", "-S", "/run/guardian.py"]
    return [*_as_user(box), *run, str(channel), limits, "0"]


def open_command(guardian: Path) -> list[str]:
    """The beginning of an unconfined guardian's command line."""
    return [_interpreter()[0], "-I", "-S", str(guardian)]
