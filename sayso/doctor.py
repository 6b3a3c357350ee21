"""``sayso doctor``: what is missing on this machine, and how to get it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PACKAGES = Path(__file__).with_name("packages.txt")
"""Debian's packages; `script/bootstrap` installs by the same list."""

_OLDEST, _NEWEST = (3, 11), (3, 13)
_SANDBOX = ("bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "true")
_PATIENCE = 20.0
"""Seconds for one program that is asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    about: str
    says: str
    fine: bool = True
    fix: str = ""
    """What to do, where something is missing: commands, or a sentence."""

    needed: bool = True
    """Whether Sayso cannot do its main work without it."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of Debian or Ubuntu."""

    name: str
    purpose: str
    command: str = ""
    """A command that does instead, wherever it comes from."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Look at this machine; 0 if nothing that is needed is missing, else 1."""
    argparse.ArgumentParser(
        prog="sayso doctor",
        description="Say what is missing on this machine, and how to get it. Changes nothing.",
        epilog="Exit codes: 0 all that is needed is there, 1 something is missing.",
    ).parse_args(arguments)
    found = [finding for look in CHECKS for finding in look()]
    print("\n".join(_line(finding) for finding in found))
    missing = [finding for finding in found if finding.needed and not finding.fine]
    names = ", ".join(finding.about for finding in missing)
    print(f"\nMissing: {names}." if missing else "\nAll that is needed is there.")
    return 1 if missing else 0


def listed(section: str, text: str | None = None) -> list[Package]:
    """The packages of one section of the list."""
    found, on = [], False
    for line in (PACKAGES.read_text("utf-8") if text is None else text).splitlines():
        entry, _, purpose = line.partition("#")
        if line.startswith("["):
            on = line.strip() == f"[{section}]"
        elif on and entry.strip():
            name, _, command = entry.strip().partition(":")
            found.append(Package(name, purpose.strip(), command))
    return found


def python() -> Iterator[Finding]:
    """The interpreter's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    fine = _OLDEST <= sys.version_info[:2] <= _NEWEST
    yield Finding("Python", version, fine, "" if fine else "Sayso needs Python 3.11, 3.12 or 3.13.")


def python_packages() -> Iterator[Finding]:
    """What pip should have installed, and the extras that may be added."""
    try:
        required = metadata.requires("sayso") or []
    except metadata.PackageNotFoundError:
        yield Finding("Python packages", "not installed", False, "script/bootstrap")
        return
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        yield Finding("Python packages", "incomplete", False, "pip install sayso")
        return
    needed = [each for each in map(Requirement, required) if _applies(each)]
    lacking = [str(each) for each in needed if not _installed(each)]
    says = f"lacking: {', '.join(lacking)}" if lacking else f"all {len(needed)}"
    quoted = " ".join(f"'{each}'" for each in lacking)
    yield Finding("Python packages", says, not lacking, f"pip install {quoted}" if lacking else "")


def system() -> Iterator[Finding]:
    """What the desktop is made of."""
    if not sys.platform.startswith("linux"):
        says = f"{sys.platform}: no desktop here; recorded sessions replay and report"
        fix = "Run “sayso serve” on Linux, or in a container: docs/deploy.md."
        yield Finding("system", says, False, fix)
        return
    if shutil.which("dpkg-query") is None:
        yield _by_command()
        return
    for about, section, needed in (
        ("system packages", "run", True),
        ("programs for the desktop", "apps", False),
    ):
        lacking = [each for each in listed(section) if not _has(each)]
        yield _packages(about, lacking, needed=needed)


def sandbox() -> Iterator[Finding]:
    """Whether the desktop can be confined."""
    if shutil.which("bwrap") is None or not sys.platform.startswith("linux"):
        return
    answer = _ask(_SANDBOX)
    if answer is not None and answer.returncode == 0:
        yield Finding("sandbox", "bubblewrap works")
        return
    why = answer.stderr.strip() if answer else "no answer"
    fix = (
        "Allow user namespaces (on Ubuntu: sudo sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0), or run in a container with "
        "SAYSO_SANDBOX=prefer, which leaves the confining to the container."
    )
    needed = os.environ.get("SAYSO_SANDBOX", "require") == "require"
    yield Finding("sandbox", f"bubblewrap does not work ({why})", False, fix, needed=needed)


def settings() -> Iterator[Finding]:
    """What the settings come to, and what keys would add."""
    try:
        from agent.errors import ConfigurationError
        from agent.keys import KeyStore
        from agent.settings import read_settings
    except ModuleNotFoundError as error:
        yield Finding("settings", f"cannot be read without {error.name}", False)
        return
    try:
        read = read_settings()
        read = KeyStore(read).fill(read)
    except ConfigurationError as error:
        yield Finding("settings", str(error), False, "docs/settings.md lists them all.")
        return
    yield _data_folder(read.data_dir)
    claude = read.key("ANTHROPIC_API_KEY") is not None or read.model != "auto"
    yield Finding(
        "model",
        read.model if read.model != "auto" else "Claude" if claude else "voice commands, offline",
        claude,
        "" if claude else "ANTHROPIC_API_KEY=… adds Claude, for anything.",
        needed=False,
    )
    yield Finding(
        "voice",
        "Hume" if read.speaks_hume else "offline, on this machine",
        read.speaks_hume,
        "" if read.speaks_hume else "HUME_API_KEY=… and HUME_SECRET_KEY=… add Hume's voices.",
        needed=False,
    )


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    python,
    python_packages,
    system,
    sandbox,
    settings,
)


def _line(finding: Finding) -> str:
    mark = "ok" if finding.fine else "MISSING" if finding.needed else "-"
    fix = "".join(f"\n{'':10}{line}" for line in finding.fix.splitlines())
    return f"{mark:8}  {finding.about}: {finding.says}{fix}"


def _applies(requirement: Requirement) -> bool:
    """Whether it is needed here, without any extra."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _installed(requirement: Requirement) -> bool:
    try:
        return metadata.version(requirement.name) in requirement.specifier
    except metadata.PackageNotFoundError:
        return False


def _has(package: Package) -> bool:
    if package.command and shutil.which(package.command):
        return True
    answer = _ask(("dpkg-query", "-W", "-f", "${Status}", package.name))
    return answer is not None and "install ok installed" in answer.stdout


def _packages(about: str, lacking: list[Package], *, needed: bool) -> Finding:
    if not lacking:
        return Finding(about, "all there", needed=needed)
    says = "\n".join(f"{'':10}  {each.name:28}  {each.purpose}" for each in lacking)
    names = " ".join(each.name for each in lacking)
    before = "" if os.geteuid() == 0 else "sudo "
    fix = f"{before}apt-get install --no-install-recommends {names}"
    return Finding(about, f"lacking\n{says}", False, fix, needed=needed)


def _by_command() -> Finding:
    """Another system than Debian: only what is run can be looked for."""
    from agent.desktop.server.display import missing_programs

    lacking = [*missing_programs(), *([] if shutil.which("bwrap") else ["bwrap"])]
    if not lacking:
        return Finding("system packages", "the desktop's programs are there")
    names = " ".join(each.name for each in listed("run"))
    says = f"these programs are not there: {', '.join(lacking)}"
    return Finding("system packages", says, False, f"Debian's names for all that is used: {names}")


def _data_folder(folder: Path) -> Finding:
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    fine = there.is_dir() and os.access(there, os.W_OK)
    fix = "" if fine else "It cannot be written: check its owner, or set SAYSO_DATA_DIR."
    return Finding("data folder", str(folder), fine, fix)


def _ask(command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """What a program answers; None if it does not."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
