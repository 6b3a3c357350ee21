"""A person at the planner, on a real desktop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from planner_driver import Driver
from screens import close_windows

from agent.desktop import VirtualDesktop


@pytest_asyncio.fixture(loop_scope="module")
async def talk(desktop: VirtualDesktop) -> AsyncIterator[Driver]:
    """Somebody who talks to the planner; the module's desktop is empty afterwards."""
    driver = Driver(desktop)
    yield driver
    await driver.close()
    await close_windows(desktop)
