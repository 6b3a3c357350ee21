"""Passwords cannot be tried at will: after a few wrong ones each further try must wait longer."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

from dashboard.web.request_guard import address_of

_REMEMBERED = 10_000
_FORGOTTEN = 3600.0
"""Seconds after the last wrong try that start it over."""

LONGEST = 300.0
"""Seconds that a try must wait at most."""

FREE = 5
"""Wrong tries of one name from one address before there is any wait."""

FREE_OF_ADDRESS = 20
"""The same of all names together: a name can be made up."""


class Tries:
    """Counts wrong passwords by address and name, and by address alone.

    Of version 6 an address is a network of 64 bits: that is what one machine has for its own.

    A try is wrong until it is known to be right, for many may come at once. A right one begins
    that name's count again, not the address's: who knows one password could go on trying others.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._wrong: OrderedDict[tuple[str, str | None], tuple[int, float]] = OrderedDict()

    def wait(self, address: str, name: str) -> float:
        """Seconds until this name may be tried again from this address; 0 if it may now."""
        address = _whence(address)
        waits = (
            self._until(key, free) - self._now()
            for key, free in (((address, name), FREE), ((address, None), FREE_OF_ADDRESS))
        )
        return max(0.0, *waits)

    def wrong(self, address: str, name: str) -> None:
        """A password was wrong."""
        address = _whence(address)
        for key in ((address, name), (address, None)):
            count = self._count(key) + 1
            self._wrong[key] = (count, self._now())
            self._wrong.move_to_end(key)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, address: str, name: str) -> None:
        """A password was right."""
        address = _whence(address)
        self._wrong.pop((address, name), None)
        if count := self._count((address, None)):
            self._wrong[(address, None)] = (count - 1, self._wrong[(address, None)][1])

    def _count(self, key: tuple[str, str | None]) -> int:
        count, last = self._wrong.get(key, (0, 0.0))
        return count if self._now() - last < _FORGOTTEN else 0

    def _until(self, key: tuple[str, str | None], free: int) -> float:
        over = self._count(key) - free
        if over < 0:
            return 0.0
        return self._wrong[key][1] + min(LONGEST, 2.0 ** min(over, 20))


def _whence(address: str) -> str:
    found = address_of(address)
    if not isinstance(found, IPv6Address):
        return address
    return str(IPv6Network((int(found), 64), strict=False))
