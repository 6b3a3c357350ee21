"""A desktop at the terminal: ``sayso desktop shot out.png``.

Without ``--display`` a private desktop is started for the one command. To work on one that
stays, start it with ``demo`` in one terminal, and give the display that it prints to the
other commands::

    sayso desktop demo
    sayso desktop --display unix:/…/X0 click 20 780
    sayso desktop --display unix:/…/X0 tree
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from agent.desktop import VirtualDesktop
from agent.desktop.base import Node, Tree
from agent.desktop.server.display import missing_programs
from agent.desktop.server.environment import bus_address
from agent.errors import SaysoError
from agent.streams import take_any_text

Command = Callable[[VirtualDesktop, argparse.Namespace], Awaitable[None]]


async def shot(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Save a picture of the screen."""
    path: Path = args.path
    picture = await (desktop.jpeg() if path.suffix in (".jpg", ".jpeg") else desktop.png())
    await asyncio.to_thread(path.write_bytes, picture.data)
    print(f"{path}: {picture.width} x {picture.height}, {len(picture.data) // 1024} KiB")


async def tree(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Print the accessible objects."""
    found = await desktop.tree()
    depths = _depths(found)
    for node in found.nodes:
        if args.all or (node.showing and (node.name or node.text is not None)):
            print("  " * depths[node.id] + _line(node))


async def windows(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Print the windows, topmost last."""
    for window in await desktop.windows():
        marks = [word for word in ("active", "minimised") if getattr(window, word)]
        box = window.box
        place = f"{box.width}x{box.height}+{box.x}+{box.y}"
        print(
            f"{window.id:#x} {place} {window.wm_class}: {window.title} {' '.join(marks)}".rstrip()
        )


async def click(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Click at a point and say what was there."""
    target = await desktop.under(args.x, args.y)
    await desktop.input.click(args.x, args.y, button=args.button, count=args.count)
    settled = await desktop.settle()
    changed = "the screen changed" if settled.changed else "nothing changed"
    what = " ".join(filter(None, [target.role, repr(target.name) if target.name else ""]))
    print(f"{what or 'nothing'} in {target.wm_class or 'the background'}; {changed}")


async def type_text(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Type text into what has the focus."""
    await desktop.input.type(args.text)
    await desktop.settle()


async def key(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Press a key or combination."""
    await desktop.input.key(args.combo, repeat=args.repeat)
    await desktop.settle()


async def demo(desktop: VirtualDesktop, args: argparse.Namespace) -> None:
    """Keep the desktop open until Ctrl+C."""
    print(f"display: {desktop.env.display}\nhome: {desktop.home}")
    print(f"vnc socket: {desktop.rfb_socket}" if desktop.rfb_socket else "no vnc", flush=True)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await ended.wait()


def _depths(found: Tree) -> dict[str, int]:
    depths: dict[str, int] = {}
    for node in found.nodes:
        depths[node.id] = depths.get(node.parent or "", -1) + 1
    return depths


def _line(node: Node) -> str:
    box = node.box
    place = f" {box.width}x{box.height}+{box.x}+{box.y}" if box else " (hidden)"
    text = f" = {node.text[:60]!r}" if node.text else ""
    return f"{node.role} {node.name!r}{place}{text}"


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{3,4})x(\d{3,4})", text)
    if not match:
        raise argparse.ArgumentTypeError("a size is written like 1280x800")
    return int(match[1]), int(match[2])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sayso desktop",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--display", help="an existing display, such as :0 or what demo prints")
    parser.add_argument("--size", type=_size, default=(1280, 800), help="of a private desktop")
    parser.add_argument(
        "--sandbox", choices=("require", "prefer", "off"), default="require", help="confinement"
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Command) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=run.__doc__)
        made.set_defaults(run=run)
        return made

    add("shot", shot).add_argument("path", type=Path, help="a .png or .jpg file")
    add("tree", tree).add_argument("--all", action="store_true", help="also what is hidden")
    add("windows", windows)
    clicks = add("click", click)
    clicks.add_argument("x", type=int)
    clicks.add_argument("y", type=int)
    clicks.add_argument("--button", choices=("left", "middle", "right"), default="left")
    clicks.add_argument("--count", type=int, choices=(1, 2, 3), default=1)
    add("type", type_text).add_argument("text")
    keys = add("key", key)
    keys.add_argument("combo", help="such as Return or ctrl+s")
    keys.add_argument("--repeat", type=int, default=1)
    add("demo", demo)
    return parser


def _find_session(display: str) -> None:
    """Let the display that ``demo`` printed bring its cookie and its bus along."""
    folder = Path(display.removeprefix("unix:")).parent.parent
    if display.startswith("unix:/") and (folder / "run" / "bus").exists():
        os.environ["XAUTHORITY"] = str(folder / "run" / "Xauthority")
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = bus_address(folder / "run" / "bus")


async def _run(args: argparse.Namespace) -> None:
    if args.display:
        _find_session(args.display)
    width, height = args.size
    desktop = VirtualDesktop(width=width, height=height, sandbox=args.sandbox, display=args.display)
    try:
        await desktop.start()
        if args.display is None and (missing := missing_programs()):
            print(f"not installed here: {', '.join(missing)}", file=sys.stderr)
        await args.run(desktop, args)
    finally:
        await desktop.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 1 on an error that a person can do something about."""
    take_any_text()
    args = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(_run(args))
        except (SaysoError, OSError) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
