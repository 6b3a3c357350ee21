"""The login with passwords: tried only so often, and over a network only through TLS."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from panel.config import config

from dashboard.web.door import is_foreign
from dashboard.web.workbench import workbench

_CLEAR = (
    "Passwords are not taken here without TLS: they could be read on their way. Open the "
    "https:// address of this server."
)


def with_limit(inner: Callable[..., Any], self: Any) -> Any:
    """Around the form's ``post``: a refusal instead, or the outcome counted."""
    bench, name = workbench(), _name(self.get_argument("username", ""))
    address = self.request.remote_ip or ""
    clear = self.request.protocol != "https" and is_foreign(self.request.host.lower())
    if clear and not bench.settings.plain_passwords:
        return _refuse(self, 403, _CLEAR)
    wait = math.ceil(bench.tries.wait(address, name))
    if wait:
        self.set_header("Retry-After", str(wait))
        seconds = "1 second" if wait == 1 else f"{wait} seconds"
        return _refuse(self, 429, f"Too many wrong passwords. Try again in {seconds}.")
    bench.tries.wrong(address, name)  # until it is known to be right: tries may come all at once
    return inner(self)


def with_success(inner: Callable[..., Any], self: Any, user: str) -> Any:
    """Around the form's `set_current_user`, which a right password leads to."""
    if user and self.request.method == "POST":
        bench, name = workbench(), _name(self.get_argument("username", ""))
        bench.tries.right(self.request.remote_ip or "", name)
    return inner(self, user)


def _name(given: str) -> str:
    """Whose tries are counted together: with one password for everybody, any name's."""
    users = config.basic_auth
    one = isinstance(users, str) and not Path(users).is_file()
    return "" if one else given[:200]


def _refuse(handler: Any, status: int, text: str) -> None:
    """The form again, with the reason."""
    form = handler._login_template.render(  # noqa: SLF001 - as Panel's own handler draws it
        login_endpoint=handler._login_endpoint,  # noqa: SLF001
        errormessage=text,
        PANEL_CDN="",
    )
    handler.set_status(status)
    handler.finish(form)
