"""Pictures of the screen through shared memory.

mss brings the bindings of libxcb. Its own connection code is not used: it knows only one
``XAUTHORITY`` per process, and refuses Xvnc's screens for a visual it does not find.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
from typing import Any

import numpy as np
from mss.exception import ScreenShotError
from mss.linux import xcb as _xcb
from mss.linux.xcbhelpers import LIB, XError

from agent.desktop.see.pictures import Pixels
from agent.desktop.server.connection import COOKIE, read_cookie, socket_path
from agent.desktop.server.environment import DisplayEnv
from agent.errors import BadInput, DesktopDied

xcb: Any = _xcb  # it re-exports without saying so
_ALL_PLANES = 0xFFFFFFFF
_TRIES = 3


class _AuthInfo(ctypes.Structure):
    _fields_ = (
        ("namelen", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("datalen", ctypes.c_int),
        ("data", ctypes.c_char_p),
    )


def _connect(env: DisplayEnv) -> Any:
    path = socket_path(env.display)
    if path is None:
        return xcb.connect(env.display)[0]
    xcb.initialize()
    connect = LIB.xcb.xcb_connect_to_fd
    connect.restype = ctypes.POINTER(xcb.Connection)
    connect.argtypes = (ctypes.c_int, ctypes.POINTER(_AuthInfo))
    cookie, name = read_cookie(env.xauthority, env.display), COOKIE.encode()
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.connect(path)
    auth = _AuthInfo(len(name), name, len(cookie), cookie)
    connection = connect(channel.detach(), ctypes.byref(auth))
    if LIB.xcb.xcb_connection_has_error(connection):
        LIB.xcb.xcb_disconnect(connection)
        raise DesktopDied("The desktop's X server refuses the connection.")
    return connection.contents


class Screen:
    """Grabs pixels. Use from one thread only.

    Raises:
        DesktopDied: the server does not answer.
    """

    def __init__(self, env: DisplayEnv) -> None:
        try:
            self._connection: Any = _connect(env)
        except (OSError, XError) as error:
            raise DesktopDied(f"The desktop's X server does not answer: {error}") from error
        screen = xcb.setup_roots(xcb.get_setup(self._connection))[0]
        self._root = screen.root
        self.width, self.height = screen.width_in_pixels, screen.height_in_pixels
        self._segment: Any = None
        self._memory: mmap.mmap | None = None
        self._share()

    def _share(self) -> None:
        """Share memory with the server by descriptor, which works across the sandbox."""
        if not xcb.get_extension_data(self._connection, LIB.shm_id).present:
            return
        version = xcb.shm_query_version(self._connection)
        if (version.major_version, version.minor_version) < (1, 2):
            return
        size = self.width * self.height * 4
        descriptor = os.memfd_create("sayso-screen", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, size)
        memory = mmap.mmap(descriptor, size)
        segment = xcb.ShmSeg(xcb.generate_id(self._connection).value)
        try:  # libxcb closes the descriptor in any case
            xcb.shm_attach_fd(self._connection, segment, descriptor, read_only=False)
        except XError:
            memory.close()
            return
        self._segment, self._memory = segment, memory

    def measure(self) -> tuple[int, int]:
        """Width and height as they are now; programs can change them (RandR)."""
        if self._connection is None:
            raise ScreenShotError("The connection is closed.")
        now = xcb.get_geometry(self._connection, self._root)
        if (now.width, now.height) != (self.width, self.height):
            self.width, self.height = now.width, now.height
            self._unshare()
            self._share()
        return self.width, self.height

    def _unshare(self) -> None:
        segment, memory, self._segment, self._memory = self._segment, self._memory, None, None
        if segment is not None:
            xcb.shm_detach(self._connection, segment)
        if memory is not None:
            memory.close()

    def grab(self, box: tuple[int, int, int, int] | None = None) -> Pixels:
        """Pixels of ``(x, y, width, height)``, or of the whole screen as large as it is now.

        Raises:
            BadInput: the box is not on the screen.
            ScreenShotError: the connection is lost.
        """
        for _ in range(_TRIES):
            size = self.measure()
            x, y, width, height = box or (0, 0, *size)
            if x + width > size[0] or y + height > size[1]:
                break
            try:
                return self._grab(x, y, width, height)
            except XError:  # it was made smaller in between
                continue
        raise BadInput("The screen has just changed its size. Take a screenshot and look again.")

    def _grab(self, x: int, y: int, width: int, height: int) -> Pixels:
        where = (x, y, width, height, _ALL_PLANES, xcb.ImageFormat.ZPixmap)
        if self._segment is None:
            reply = xcb.get_image(self._connection, where[5], self._root, *where[:5])
            data = bytes(xcb.get_image_data(reply))
        else:
            xcb.shm_get_image(self._connection, self._root, *where, self._segment, 0)
            assert self._memory is not None  # noqa: S101
            data = self._memory[: width * height * 4]
        return np.frombuffer(data, np.uint8).reshape(height, width, 4)

    def close(self) -> None:
        """Let go of the connection and the memory."""
        connection, self._connection = self._connection, None
        if connection is not None:
            LIB.xcb.xcb_disconnect(connection)
        if self._memory is not None:
            self._memory.close()
