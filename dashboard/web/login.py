"""The login with passwords: tried only so often, and over a network only through TLS."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

from panel.config import config

from dashboard.web.request_guard import is_foreign
from dashboard.web.workbench import workbench

_CLEAR = (
    "Passwords are not taken here without TLS: they could be read in transit. Open the "
    "https:// address of this server."
)


def with_privacy(inner: Callable[..., Any], self: Any) -> Any:
    """Around the form's ``get``: where passwords are not taken, nobody is asked for one."""
    return _say_clear(self) if _in_clear(self) else inner(self)


def with_limit(inner: Callable[..., Any], self: Any) -> Any:
    """Around the form's ``post``: a refusal instead, or the outcome counted."""
    if _in_clear(self):
        return _say_clear(self)
    bench, name = workbench(), _name(self.get_argument("username", ""))
    address = self.request.remote_ip or ""
    wait = math.ceil(bench.tries.wait(address, name))
    if wait:
        self.set_header("Retry-After", str(wait))
        seconds = "1 second" if wait == 1 else f"{wait} seconds"
        return _refuse(self, 429, f"Too many wrong passwords. Try again in {seconds}.")
    bench.tries.wrong(address, name)  # until it is known to be right: tries may come all at once
    _stay_below(self, bench.identity.prefix)
    return inner(self)


def with_success(inner: Callable[..., Any], self: Any, user: str) -> Any:
    """Around the form's `set_current_user`, which a right password leads to."""
    if user and self.request.method == "POST":
        bench, name = workbench(), _name(self.get_argument("username", ""))
        bench.tries.right(self.request.remote_ip or "", name)
    return inner(self, user)


def _in_clear(handler: Any) -> bool:
    """Whether others could read a password on its way here."""
    clear = handler.request.protocol != "https" and is_foreign(handler.request.host.lower())
    return clear and not workbench().settings.plain_passwords


def _say_clear(handler: Any) -> None:
    handler.set_status(403)
    handler.set_header("Content-Type", "text/plain; charset=utf-8")
    handler.finish(f"{_CLEAR}\n")


def _name(given: str) -> str:
    """Whose tries are counted together: with one password for everybody, any name's."""
    return "" if is_one_password() else given[:200]


def is_one_password() -> bool:
    """Whether people sign in with one password for everybody, under any name."""
    users = config.basic_auth
    return isinstance(users, str) and not os.path.isfile(users)  # `Path` fails at a long password


def _stay_below(handler: Any, prefix: str) -> None:
    """Lead whoever came to the form by itself to the page, not out of the server's part."""
    if prefix and handler.get_cookie("next_url", "/") == "/":
        handler.request.cookies["next_url"] = f"/{prefix}/"


def _refuse(handler: Any, status: int, text: str) -> None:
    """The form again, with the reason."""
    form = handler._login_template.render(  # noqa: SLF001 - as Panel's own handler draws it
        login_endpoint=handler._login_endpoint,  # noqa: SLF001
        errormessage=text,
        PANEL_CDN="",
    )
    handler.set_status(status)
    handler.finish(form)
