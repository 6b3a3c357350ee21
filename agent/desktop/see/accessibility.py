"""What applications publish about their widgets (AT-SPI): tree, text, boxes of lines.

Read-only by design. ``Action.DoAction`` is never called: a GTK dialog opened that way
blocks all further calls to its application. Everything is clicked with the pointer.
Boxes ignore occlusion; `under` therefore asks the window list first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from jeepney.auth import AuthenticationError

from agent.desktop.base import Box, Node, Target, Tree, Window
from agent.desktop.see.atspi import PROPERTIES, Bus, Spent, call
from agent.desktop.see.snapshot import Snapshot, is_editor
from agent.desktop.see.wire import Call
from agent.desktop.server.environment import DisplayEnv
from agent.errors import DesktopError
from agent.threads import step_back

Result = TypeVar("Result")

_REGISTRY = "org.a11y.atspi.Registry"
_SERVICE = ("org.a11y.Bus", "/org/a11y/bus")
"""Who knows accessibility's bus, on the session's."""

_PUBLISHED_WITHIN = 1.0
"""Seconds that applications may take to publish their trees after the first call."""
_LOOK_AGAIN = 0.02
_CLOGGED = 20
"""Unanswered calls after which a new connection is made."""
_TEXT_CAP = 1_000_000
_CONTROLS = frozenset(
    {"push button", "toggle button", "check box", "radio button", "menu", "menu item"}
    | {"check menu item", "radio menu item"}
)
"""Roles of which accessibility tells reliably whether they can be used."""
_PRESSED = _CONTROLS - {"menu"} | {"link", "page tab"}
"""Roles that are pressed as a whole, whatever part of them is hit."""

_ENTRIES = ("menu item", "check menu item", "radio menu item", "list item")
"""Roles of what is chosen from a menu or a list."""

_LINES_CAP = 500
"""Lines whose boxes are asked for; more than any screen shows."""


class Accessibility:
    """Reads the accessible objects of one desktop, in a thread of its own.

    Every method raises DesktopError when the accessibility bus cannot be reached;
    an application that does not answer in time is left out of the answer.
    """

    def __init__(self, env: DisplayEnv) -> None:
        self._env = env
        self.screen = env.geometry
        """Width and height of the screen; to be set when they change."""

        self.spent = Spent()
        """What all looks have cost since the desktop began."""

        self._bus: Bus | None = None
        self._snapshot: Snapshot | None = None
        self._thread = ThreadPoolExecutor(1, "accessibility", step_back)

    async def start(self) -> None:
        """Connect and register for events: without that no application publishes its tree."""
        await self._do(lambda _: None)

    async def await_applications(self, names: Collection[str]) -> None:
        """Return when all of these publish their objects, or after a second."""
        deadline = time.monotonic() + _PUBLISHED_WITHIN
        while names and time.monotonic() < deadline:
            if set(names) <= {node.app for node in (await self.tree()).nodes}:
                return
            await asyncio.sleep(_LOOK_AGAIN)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    async def tree(self) -> Tree:
        """All accessible objects, applications in the order of their start."""
        return await self._do(lambda view: view.tree())

    async def text_of(self, node: Node) -> str:
        """Full text of an editor, field or terminal (up to a million characters)."""
        return await self._do(lambda view: view.text(node.id, _TEXT_CAP))

    async def address_of(self, node: Node) -> str:
        """Address of a page, by its outermost object; empty if it has none."""
        return await self._do(lambda view: view.address(node.id))

    async def lines_of(self, node: Node) -> tuple[tuple[str, Box], ...]:
        """Visible lines of a text with their boxes on the screen.

        A line is what ends in a newline; a wrapped one has one box around all of it.
        """
        return await self._do(lambda view: view.lines(node, _LINES_CAP))

    async def selection_of(self, node: Node) -> str:
        """Selected text of a node; empty if nothing is selected."""
        return await self._do(lambda view: view.selection(node.id))

    async def caret_of(self, node: Node) -> int:
        """Offset of the caret in a node's text, in characters; -1 if it has none."""
        return await self._do(lambda view: view.caret(node.id))

    async def under(self, x: int, y: int, window: Window | None) -> Target:
        """Topmost window (as given) and the innermost showing object at a point."""
        pid = window.pid if window else None
        tree = await self._do(lambda view: view.tree(pid, beyond=False))
        return target_at(tree, x, y, window)

    async def _do(self, work: Callable[[Snapshot], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    def _run(self, work: Callable[[Snapshot], Result]) -> Result:
        """Do ``work`` on the connection, connecting again once if the bus went away."""
        began = time.thread_time()
        try:
            try:
                return work(self._view())
            except OSError:
                self._drop()
                return work(self._view())
            finally:
                self._renew_if_clogged()
        except (OSError, AuthenticationError) as error:
            self._drop()
            raise DesktopError(f"The accessibility bus cannot be reached: {error}.") from error
        finally:
            self.spent.seconds += time.thread_time() - began

    def _renew_if_clogged(self) -> None:
        """Reconnect when calls to hanging applications use up what the bus allows."""
        if self._bus is not None and self._snapshot is not None and self._bus.unanswered > _CLOGGED:
            self._bus.close()
            self._bus = self._connect()
            self._snapshot.use(self._bus)

    def _view(self) -> Snapshot:
        if self._snapshot is None:
            self._bus = self._connect()
            self._snapshot = Snapshot(self._bus, lambda: self.screen)
        return self._snapshot

    def _connect(self) -> Bus:
        bus = Bus(self._address(), self.spent)
        listen: tuple[str, list[str], str] = ("object:children-changed", [], "")
        path = "/org/a11y/atspi/registry"
        if bus.call(call(_REGISTRY, path, "Registry", "RegisterEvent", "sass", listen), 5) is None:
            # at-spi2-core before 2.46 takes the event's name alone
            bus.call(call(_REGISTRY, path, "Registry", "RegisterEvent", "s", listen[:1]), 5)
        _await_publication(Snapshot(bus, lambda: self.screen))
        return bus

    def _address(self) -> str:
        """Address of the accessibility bus; asking the session bus for it starts it."""
        session = Bus(self._env.session_bus)
        try:
            enable = ("org.a11y.Status", "IsEnabled", ("b", True))
            session.call(Call(*_SERVICE, PROPERTIES, "Set", "ssv", enable), 5)
            answer = session.call(Call(*_SERVICE, "org.a11y.Bus", "GetAddress"), 10)
        finally:
            session.close()
        if not answer:
            raise ConnectionError("the session bus does not know it; is at-spi2-core installed?")
        return self._env.a11y_bus or str(answer[0])

    def _drop(self) -> None:
        if self._bus is not None:
            self._bus.close()
        self._bus = self._snapshot = None


def _await_publication(snapshot: Snapshot) -> None:
    """Block until every running application has heard that somebody listens."""
    deadline = time.monotonic() + _PUBLISHED_WITHIN
    while snapshot.silent() and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)


def target_at(tree: Tree, x: int, y: int, window: Window | None) -> Target:
    """The innermost showing object at a point, within the window that is on top there."""
    nodes = [n for n in _inside(tree, window) if n.showing and n.box and n.box.contains(x, y)]
    if window is None and not nodes:
        return Target()
    named = _innermost(nodes)
    if window is not None and window.kind == "menu" and (named is None or not named.name):
        named = _entry(tree, x, y) or named
    return Target(
        wm_class=window.wm_class if window else "",
        title=window.title if window else "",
        role=named.role if named else "",
        name=named.name if named else "",
        box=named.box if named else None,
        window=window.id if window else None,
        kind=window.kind if window else None,
        greyed=named is not None and _is_greyed(named),
    )


def _entry(tree: Tree, x: int, y: int) -> Node | None:
    """The entry at a point of a list that drops down over a page: it is told of within the page."""
    entries = [n for n in tree.showing(*_ENTRIES) if n.name and n.box and n.box.contains(x, y)]
    return entries[-1] if entries else None


def _is_greyed(node: Node) -> bool:
    return node.role in _CONTROLS and not {"sensitive", "enabled"} & node.states


def _inside(tree: Tree, window: Window | None) -> Sequence[Node]:
    """Nodes under an object that has the window's box; all nodes if there is none."""
    if window is None:
        return tree.nodes
    roots = {n.id for n in tree.nodes if n.box and _same(n.box, window.box)}
    inside: list[Node] = []
    for node in tree.nodes:  # document order: parents come before their children
        if node.id in roots or node.parent in roots:
            roots.add(node.id)
            inside.append(node)
    return inside or tree.nodes


def _same(one: Box, other: Box, slack: int = 4) -> bool:
    pairs = zip(_sides(one), _sides(other), strict=True)
    return all(abs(a - b) <= slack for a, b in pairs)


def _sides(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.width, box.height


def _innermost(nodes: Sequence[Node]) -> Node | None:
    """The smallest; of equal ones the last. What it is part of, where that is pressed as a whole.

    Without a name, its nearest named wrapper.
    """
    ranked = sorted(enumerate(nodes), key=lambda pair: (_area(pair[1].box), -pair[0]))
    ids = {node.id: node for node in nodes}
    if not ranked:
        return None
    smallest = ranked[0][1]
    if whole := _pressed(smallest, ids):
        return whole
    node: Node | None = smallest
    while node and not node.name and not is_editor(node.role):
        node = ids.get(node.parent or "")
        if node and _area(node.box) > 4 * _area(smallest.box):
            break  # too far out to speak for the object
    return node if node and node.name else smallest


def _pressed(node: Node, ids: dict[str, Node]) -> Node | None:
    """The named control that a node is or is part of, if any."""
    above: Node | None = node
    while above is not None and not (above.role in _PRESSED and above.name):
        above = ids.get(above.parent or "") if not is_editor(above.role) else None
    return above


def _area(box: Box | None) -> int:
    return box.width * box.height if box else 0
