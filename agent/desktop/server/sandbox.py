"""The box a desktop lives in: its folder, its unprivileged user, its ``bwrap`` command.

A home given by a session outlives the box; one made here goes with it. Inside the sandbox a
home is always called `HOME`, and is bound at its own path as well, so that a path below
``Box.home`` means the same on both sides.
"""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import shutil
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape  # writes XML; reads none

from agent.desktop.server import browsers, configuration, guardian
from agent.desktop.server.homes import Homes, bring_out, reachable, real_home, remove_tree
from agent.errors import DesktopUnavailable
from agent.portable import lock_file

if sys.platform != "win32":
    import pwd

LIMITS = {
    "nproc": 1024,  # processes and threads
    "data": 6 << 30,  # bytes of private memory of one process
    "fsize": 1 << 30,  # bytes of one file
    "nofile": 4096,
    "core": 0,
}
_IN_MEMORY = {"/tmp": 1 << 30, "/var/tmp": 1 << 28, "/run": 1 << 26, "/dev/shm": 1 << 29}  # noqa: S108
"""Folders that take the machine's memory, and bytes that each may take."""

_UIDS = range(61184, 65520)  # what systemd calls dynamic users: nobody has an account there
_LONGEST_SOCKET = 107
_INTERPRETER = "/usr/bin/python3"

PROXY = "http://{}:{}".format(*guardian.PROXY)
"""The only way to a network that programs find: what stands there is judged outside."""

HOME = "/home/user"
"""What programs in a sandbox call their home, in every session."""

_OTHER_HOME = "/home/desktop"
"""The same where the real home lies below `HOME`, which would then hide it."""

_STATE = "/home/.state"
"""Programs' own files, when the home is a folder of the person's."""


@dataclass(frozen=True, slots=True)
class Box:
    """A desktop's folder: same path inside and outside, removed when the desktop stops."""

    path: Path
    uid: int
    gid: int
    lock: int
    """Descriptor that holds the folder's lock for as long as this process lives."""

    home: Path
    """Where the files lie that programs find in their home, as the server sees it."""

    state: Path
    """Where programs keep their own settings: the home, unless that is the person's folder."""

    confined: bool = True
    _kept: threading.Lock = field(default_factory=threading.Lock, compare=False)
    """Taken by whoever removes the folder: a stop that is cut short is followed by another."""

    @property
    def private(self) -> bool:
        """Whether the home is the desktop's own, and not a folder of the person's."""
        return self.state == self.home

    @property
    def inside(self) -> str:
        """What programs call their home."""
        if not self.confined:
            return str(self.home)
        return _OTHER_HOME if self.home.is_relative_to(HOME) else HOME

    @property
    def inside_state(self) -> str:
        """What programs call the folder of their settings."""
        if self.state == self.home:
            return self.inside
        return _STATE if self.confined else str(self.state)

    @property
    def mount(self) -> Path:
        """Where a home is brought that the desktop's user cannot reach by its path."""
        return self.path / "home"

    @property
    def brought(self) -> bool:
        """Whether the home must be brought to `mount`."""
        return self.confined and not reachable(self.home, self.uid, self.gid)

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
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def clear(self) -> None:
        """Empty what belongs to one run of the desktop; the home stays."""
        for folder in (self.run, self.x11):
            remove_tree(folder)
            folder.mkdir(mode=0o700)
            self.own(folder)

    def remove(self) -> None:
        """Delete the folder with all that is in it; once, from whichever thread."""
        if not self._kept.acquire(blocking=False):
            return
        remove_tree(self.path)
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
    if info.st_mode & 0o111 != 0o111:  # a strict umask; desktops' own users pass through it
        base.chmod(0o711)
    return base


@contextlib.contextmanager
def _exclusive(root: Path | None) -> Iterator[Path]:
    """The base folder, while no other process makes or removes folders in it."""
    while True:
        base = base_folder(root)
        descriptor = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
        try:
            lock_file(descriptor, wait=True)
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
        lock_file(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def sweep(base: Path) -> None:
    """Remove folders whose owner died without cleaning up."""
    for path in base.glob("d[0-9]*"):
        if (path / "lock").is_file() and (lock := _lock(path)) is not None:
            remove_tree(path)
            os.close(lock)


def _new_folder(base: Path, homes: Homes) -> tuple[Path, int]:
    """A folder named by a free number: that of the kept home if nobody else runs under it."""
    taken = homes.taken()
    wanted = [owner for owner in (homes.owner,) if owner in _UIDS]
    for _ in range(200):
        number = wanted.pop() if wanted else random.choice(_UIDS)  # noqa: S311 - not a secret
        if number in taken:
            continue
        path = base / f"d{number}"
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            return path, number
    raise DesktopUnavailable(f"{base} is full of desktops. Stop some of them.")


def make_box(root: Path | None, *, confined: bool = True, homes: Homes | None = None) -> Box:
    """Make a locked, private folder for one desktop, after sweeping dead ones.

    Under root the desktop gets a user of its own, or the owner of the person's folder;
    unconfined it must be one that the password database knows (dbus-daemon insists): nobody.

    Raises:
        DesktopUnavailable: the path is too long for a socket, or not private, or the home
            cannot be had.
    """
    homes = homes or Homes()
    with _exclusive(root) as base:
        sweep(base)
        path, number = _new_folder(base, homes)
        if len(str(path / "run/at-spi/bus_0")) > _LONGEST_SOCKET:
            path.rmdir()
            raise DesktopUnavailable(f"{base} is too long for sockets. Give a shorter root.")
        lock = _lock(path)
        if lock is None:
            raise DesktopUnavailable(f"{path} cannot be locked. Is the disk full?")
    try:
        return _furnish(path, number, lock, confined=confined, homes=homes)
    except BaseException:
        remove_tree(path)
        os.close(lock)
        raise


def _furnish(path: Path, number: int, lock: int, *, confined: bool, homes: Homes) -> Box:
    uid, gid = _user(number, confined, homes)
    own = path / "home"
    kept = real_home(homes.kept) if homes.kept is not None else own
    if not confined and homes.kept is not None and not reachable(kept, uid, gid):
        kept = bring_out(kept)
    if homes.folder is None:
        home = state = kept
    else:
        home, state = homes.folder, kept if reachable(kept, uid, gid) else path / "state"
    if homes.folder is not None and not confined and not reachable(home, uid, gid):
        raise DesktopUnavailable(
            f"{home} cannot be reached by its owner; let others pass through the folders above."
        )
    box = Box(path, uid, gid, lock, home, state, confined)
    for folder in (own, box.run, box.x11, box.etc):
        folder.mkdir(mode=0o700)
    box.own(path, own, box.run, box.x11, box.etc)
    return box


def _user(number: int, confined: bool, homes: Homes) -> tuple[int, int]:
    """The desktop's user and group."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if homes.folder is not None:
        owner = homes.folder.stat()
        if owner.st_uid == 0 and not confined:
            raise DesktopUnavailable(
                f"{homes.folder} belongs to root, and nothing runs as root without a sandbox. "
                "Give the folder another owner, or let the sandbox be required."
            )
        return owner.st_uid, _group(owner)
    nobody = pwd.getpwnam("nobody").pw_uid
    if not confined:
        return nobody, nobody
    if homes.owner not in (-1, 0, nobody, *_UIDS):  # a person's own session, resumed by root
        return homes.owner, _group(real_home(homes.kept or Path()).stat())
    return number, number


def _group(owner: os.stat_result) -> int:
    """The group of a folder's owner: their own where it is known, and never root's of others."""
    with contextlib.suppress(KeyError):
        return pwd.getpwuid(owner.st_uid).pw_gid
    return owner.st_gid or owner.st_uid


def write_etc(box: Box, program: Path) -> None:
    """Write the sandbox's own small ``/etc`` and a copy of the guardian."""
    texts = {
        "passwd": f"root:x:0:0:root:/nonexistent:/bin/false\n"
        f"user:x:{_inner(box.uid)}:{_inner(box.gid)}:Desktop user:{box.inside}:/bin/bash\n",
        "group": f"root:x:0:\nuser:x:{_inner(box.gid)}:\n",
        "hosts": "127.0.0.1 localhost desktop\n::1 localhost\n",
        "hostname": "desktop\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "apt.conf": f'Acquire::http::Proxy "{PROXY}";\nAcquire::https::Proxy "{PROXY}";\n',
        "gitconfig": f"[http]\n\tproxy = {PROXY}\n",
        "pip.conf": f"[global]\nproxy = {PROXY}\n",
        "machine-id": secrets.token_hex(16) + "\n",
        "accessibility.conf": bus_config("accessibility", ""),
        "bash.bashrc": program.with_name("home").joinpath(".bashrc").read_text("utf-8"),
        "guardian.py": program.read_text("utf-8"),
        "bring.py": program.with_name("bring.py").read_text("utf-8"),
    }
    for name, text in texts.items():
        (box.etc / name).write_text(text, "utf-8")
        (box.etc / name).chmod(0o644)
        box.own(box.etc / name)
    for name in _own_folders():
        _write_folder(box, name)


def _own_folders() -> tuple[str, ...]:
    """Folders of ``/etc`` that have files of ours beside the machine's."""
    return tuple(sorted({name.partition("/")[0] for name in browsers.configuration("")}))


def _write_folder(box: Box, name: str) -> None:
    """Copy a folder of the machine's, as far as programs may see it, and add what is ours."""
    folder = box.etc / name
    folder.mkdir()
    if name in configuration.visible():
        shutil.copytree(f"/etc/{name}", folder, symlinks=True, dirs_exist_ok=True)
    for below, text in browsers.configuration(_interpreter()[0]).items():
        if below.startswith(f"{name}/"):
            (box.etc / below).parent.mkdir(parents=True, exist_ok=True)
            (box.etc / below).write_text(text, "utf-8")
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
        box.own(path)


def _inner(number: int) -> int:
    """A user or group as programs see it: root's own folder is worked on under another name."""
    return number or _UIDS[0]


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
  <listen>{escape(listen or "unix:dir=/tmp")}</listen>
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
    for name in configuration.visible():
        if name not in _own_folders():
            words += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for place in ("/var/cache/fontconfig", "/var/lib/xkb"):
        words += ["--ro-bind-try", place, place]
    return words


def _own_etc(box: Box) -> list[str]:
    places = {
        "passwd": "/etc/passwd",
        "group": "/etc/group",
        "hosts": "/etc/hosts",
        "hostname": "/etc/hostname",
        "nsswitch.conf": "/etc/nsswitch.conf",
        "machine-id": "/etc/machine-id",
        "accessibility.conf": "/etc/at-spi2/accessibility.conf",
        "bash.bashrc": "/etc/bash.bashrc",
        "apt.conf": "/etc/apt/apt.conf",
        "gitconfig": "/etc/gitconfig",
        "pip.conf": "/etc/pip.conf",
        "guardian.py": "/run/guardian.py",
    }
    words = []
    for name, place in places.items():
        words += ["--ro-bind", str(box.etc / name), place]
    for name in _own_folders():
        words += ["--ro-bind", str(box.etc / name), f"/etc/{name}"]
    return words


def _bwrap(box: Box, calls: int) -> list[str]:
    words = ["bwrap", "--unshare-all", "--as-pid-1", "--hostname", "desktop", "--die-with-parent"]
    words += ["--new-session", "--cap-drop", "ALL", "--seccomp", str(calls)]
    words += [*_system_binds(), "--proc", "/proc", "--dev", "/dev"]
    for folder, size in _IN_MEMORY.items():
        words += ["--size", str(size), "--tmpfs", folder]
    words += _own_etc(box)
    words += _own_places(box)
    if box.uid == 0:
        words += ["--uid", str(_inner(0)), "--gid", str(_inner(box.gid))]
    # The two below everything are in memory as well, and have no size of their own.
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", box.inside]


def _own_places(box: Box) -> list[str]:
    """What programs may write to: the home under both its names, settings, sockets."""
    source = str(box.mount if box.brought else box.home)
    words = ["--bind", source, str(box.home), "--bind", source, box.inside]
    if box.state != box.home:
        words += ["--bind", str(box.state), box.inside_state]
    words += ["--bind", str(box.run), str(box.run)]
    return [*words, "--bind", str(box.x11), "/tmp/.X11-unix"]  # noqa: S108


def _as_user(box: Box) -> list[str]:
    """Give up root before anything else runs."""
    if os.geteuid() != 0:
        return []
    words = ["setpriv", "--reuid", str(box.uid), "--regid", str(box.gid), "--clear-groups"]
    if box.uid == 0:  # no change of user takes its powers from it
        words += ["--inh-caps", "-all", "--bounding-set", "-all,+setfcap"]  # to map itself
    return [*words, "--no-new-privs", "--"]


def command(box: Box, channel: int, limits: str, *, calls: int | None) -> Sequence[str]:
    """The command line of a desktop's guardian, in a sandbox or without one.

    Args:
        box: The desktop's folder.
        channel: The guardian's socket.
        limits: What it may use, as JSON.
        calls: `calls.filter_file`; None for no sandbox.

    Raises:
        DesktopUnavailable: a program for it is missing.
    """
    python, binds = _interpreter()
    if calls is None:
        return [*_as_user(box), *open_command(box.etc / "guardian.py"), str(channel), limits, "1"]
    needed = [*(["setpriv"] if os.geteuid() == 0 else []), "bwrap"]
    if missing := [name for name in needed if not shutil.which(name)]:
        raise DesktopUnavailable(f"{', '.join(missing)} not found. Run script/bootstrap.")
    bring = [python, "-I", "-S", str(box.etc / "bring.py"), str(box.mount)] if box.brought else []
    run = [*bring, *_bwrap(box, calls), *binds, python, "-I", "-S", "/run/guardian.py"]
    return [*_as_user(box), *run, str(channel), limits, "0", "report", "network"]


PROXY_PARTS = ("agent/network/addresses.py", "agent/network/proxy.py", "agent/threads.py")
"""What the gate's proxy is made of: the standard library and no more."""


def write_proxy(box: Box) -> Path:
    """Write what of this package the gate's proxy is made of; returns the folder to run."""
    top = box.path / "gate"
    for folder in (top, top / "agent", top / "agent/network"):
        folder.mkdir(mode=0o700, exist_ok=True)
        box.own(folder)
    texts = {name: _source(name) for name in PROXY_PARTS}
    texts["__main__.py"] = "from agent.network.proxy import main\n\nmain()\n"
    for name, text in texts.items():
        (top / name).write_text(text, "utf-8")
        (top / name).chmod(0o600)
        box.own(top / name)
    return top


def _source(name: str) -> str:
    return files("agent").joinpath(name.removeprefix("agent/")).read_text("utf-8")


def proxy_command(box: Box, proxy: Path) -> Sequence[str]:
    """The beginning of the gate's command line; it runs as the desktop's user, but outside."""
    return [*_as_user(box), _interpreter()[0], "-I", "-S", str(proxy)]


def open_command(guardian: Path) -> list[str]:
    """The beginning of an unconfined guardian's command line."""
    return [_interpreter()[0], "-I", "-S", str(guardian)]
