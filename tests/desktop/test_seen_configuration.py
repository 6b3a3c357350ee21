"""What of the machine's ``/etc`` a desktop sees: enough for its programs, and nothing private."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from agent.desktop import VirtualDesktop
from agent.desktop.server.configuration import derive, visible


class Machine:
    """An ``/etc`` and dpkg's records of it."""

    def __init__(self, root: Path) -> None:
        self.etc, self.dpkg = root / "etc", root / "dpkg"
        (self.dpkg / "info").mkdir(parents=True)
        self.etc.mkdir()
        (self.dpkg / "status").write_text("")

    def file(self, name: str, text: str = "shipped\n", mode: int = 0o644) -> None:
        path = self.etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def package(self, name: str, *listed: str, needs: str = "", menu: bool = False) -> None:
        """A package that shipped files with the text "shipped"."""
        digest = hashlib.md5(b"shipped\n", usedforsecurity=False).hexdigest()
        conffiles = [f" /etc/{path} {digest}" for path in listed if not path.endswith("/")]
        entry = [f"Package: {name}", "Status: install ok installed"]
        entry += [f"Depends: {needs}"] * bool(needs) + ["Conffiles:", *conffiles]
        with (self.dpkg / "status").open("a") as status:
            status.write("\n".join(entry) + "\n\n")
        lines = [f"/etc/{path.rstrip('/')}" for path in listed]
        lines += ["/usr/share/applications/x.desktop"] * menu
        (self.dpkg / "info" / f"{name}.list").write_text("\n".join(lines) + "\n")

    def seen(self) -> tuple[str, ...]:
        return derive(self.etc, self.dpkg)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_a_package_shipped_is_seen_until_somebody_changes_it(machine: Machine) -> None:
    """A file that was changed may hold what its owner put there."""
    machine.package("man", "manpath.config", "other.conf")
    machine.file("manpath.config")
    machine.file("other.conf", "password=1\n")
    assert machine.seen() == ("manpath.config",)


def test_a_programs_own_folder_is_seen_with_what_its_set_up_wrote(machine: Machine) -> None:
    """Of a program of the menu, and of what it depends on; not of a server beside it."""
    machine.package("calc", needs="office-common (= 1), libc", menu=True)
    machine.package("office-common", "office/", "office/registry/")
    machine.package("server", "served/")
    machine.file("office/registry/main.xcd", "made by its set-up\n")
    machine.file("served/main.conf", "made by its set-up\n")
    assert machine.seen() == ("office",)


def test_a_folder_that_holds_something_private_is_not_seen(machine: Machine) -> None:
    """By its mode, or by its name."""
    machine.package("calc", "one/", "two/", "three/", menu=True)
    machine.file("one/main.conf", "x", 0o640)
    machine.file("two/api.key", "x")
    machine.file("three/main.conf", "x")
    assert machine.seen() == ("three",)


@pytest.mark.parametrize(
    "name", ["shadow", "sudoers.d/README", "ssh/ssh_config", "apt/auth.conf", "pam.d/login"]
)
def test_what_guards_the_machine_is_never_seen(machine: Machine, name: str) -> None:
    """Even as it was shipped, and readable by all."""
    machine.package("system", name, menu=True)
    machine.file(name)
    assert machine.seen() == ()


def test_without_dpkg_what_every_program_reads_is_seen(machine: Machine) -> None:
    (machine.dpkg / "status").unlink()
    machine.file("ld.so.cache")
    machine.file("fonts/fonts.conf")
    machine.file("private.conf")
    assert machine.seen() == ("fonts", "ld.so.cache")


@pytest.mark.desktop
async def test_nothing_private_of_this_machine_is_seen_on_a_desktop() -> None:
    """Whatever lies in its ``/etc`` is its own, or anybody on the machine may read it."""
    desktop = VirtualDesktop()
    await desktop.start()
    try:
        process = await desktop.spawn(["find", "/etc", "-type", "f", "-printf", "%P\\n"])
        said = b"".join([piece async for piece in await process.read()]).decode()
    finally:
        await desktop.stop()
    seen = [name for name in said.splitlines() if (Path("/etc") / name).is_file()]
    assert len(seen) > 100
    closed = [name for name in seen if not (Path("/etc") / name).stat().st_mode & 0o4]
    assert closed == []
    private = ("shadow", "gshadow", "sudoers", "ssh", "apt", "ssl/private", "pam.d")
    assert [name for name in seen if name.startswith(private)] == []
    assert {"manpath.config", "ld.so.cache"} <= {Path(name).as_posix() for name in visible()}
