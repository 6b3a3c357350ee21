"""Puts the request guard, the lock and our routes into Panel's Tornado server.

``panel serve dashboard`` runs ``dashboard/app_hooks.py`` before it builds the server;
`install` uses that moment. Bokeh has no hook for it, so a few methods are wrapped here, and
nowhere else. ``panel serve … --plugins dashboard.web.mount`` works as well: ``ROUTES`` is
empty on purpose because `install` has already added them.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import re
import sys
from collections.abc import Callable
from typing import Any

from bokeh.server.auth_provider import NullAuth
from bokeh.server.tornado import DEFAULT_SESSION_TOKEN_EXPIRATION, BokehTornado
from bokeh.server.views.ico_handler import IcoHandler
from bokeh.server.views.multi_root_static_handler import MultiRootStaticHandler
from bokeh.server.views.root_handler import RootHandler
from bokeh.server.views.static_handler import StaticHandler
from bokeh.util.browser import view
from panel.auth import BasicLoginHandler, LogoutHandler
from panel.config import config
from panel.io.server import ComponentResourceHandler, DocHandler, Server, WSHandler
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from agent.disk import DiskHangs, in_time
from agent.errors import ConfigurationError, JournalError
from agent.hosts import is_loopback
from dashboard.web import ahead, current, dispatch, language, memory, output
from dashboard.web.assets import compressed
from dashboard.web.frame import framed
from dashboard.web.goodbye import KEPT, Goodbye, with_goodbye, with_return
from dashboard.web.health import Health
from dashboard.web.identity import LOCAL
from dashboard.web.lock import Kept, Locked, is_by_address, with_key
from dashboard.web.login import is_one_password, with_limit, with_privacy, with_success
from dashboard.web.programs import let_in, programs_of
from dashboard.web.request_guard import Proxies, RequestGuard, host_names, is_foreign
from dashboard.web.signins import known_by_sign_in, signing_out, signins
from dashboard.web.workbench import Workbench, make_workbench, set_workbench, workbench

ROUTES: list[tuple[str, type[RequestHandler]]] = []
"""For ``--plugins``; see the module's text."""

_TOKEN_LASTS = 30 * 86_400
"""Seconds that a page can reconnect with the token that it was loaded with, if it is kept."""

_START = 60.0
"""Seconds that the data folder may take to be read when the server starts."""

_FAREWELL = 15.0
"""Seconds for all sessions to close when the server ends."""

_PUBLIC_FILES = (StaticHandler, MultiRootStaticHandler, ComponentResourceHandler)
"""Scripts and styles. What a person may have written is never compressed beside a secret."""

_PAGES = (DocHandler, RootHandler)
"""What leads to the login when nobody has signed in."""

_MOST_BODY = 1 << 20
"""Bytes of a request that is not streamed: it lies in memory before it is known who sends it."""

_COMPONENTS = re.compile(r"dashboard\.(views(\.\w+)+|desktop\.view|voice\.widget|lobby)")
"""Modules whose files a page may still ask for when a new start has not imported them yet."""

_ELSEWHERE = re.compile(r"^[\s/\\]{2,}")
"""How an address begins that leads a browser to another server, though it looks like a path."""

_log = logging.getLogger(__name__)
_installed = False


def install(make: Callable[[], Workbench] = make_workbench) -> None:
    """Wrap the server, once per process, and make its workbench."""
    global _installed
    if _installed:
        return
    _installed = True
    try:
        set_workbench(in_time(make, _START))
    except ConfigurationError as error:
        raise SystemExit(f"sayso: {error}") from None
    except DiskHangs:
        raise SystemExit(
            f"sayso: The disk with the data folder did not answer within {_START:.0f} seconds. See "
            "that it is there and works, or set SAYSO_DATA_DIR to a folder elsewhere; then start "
            "again."
        ) from None
    ahead.install(workbench().settings)
    output.install()
    dispatch.install()
    current.install()
    language.install()
    memory.install()
    _wrap(Server, "__init__", _guarded_server)
    _wrap(Server, "stop", _with_farewell)
    _wrap(Server, "show", _by_link)
    _wrap(BasicLoginHandler, "get", with_privacy)
    _wrap(BasicLoginHandler, "post", with_limit)
    _wrap(BasicLoginHandler, "set_current_user", with_success)
    _wrap(LogoutHandler, "get", signing_out)
    _wrap(BokehTornado, "__init__", _with_routes)
    _wrap(BokehTornado, "find_handler", _through_door)
    _wrap(BokehTornado, "get_handler_delegate", _with_headers)
    _wrap(WSHandler, "open", _without_delay)
    _wrap(WSHandler, "_async_open", with_return)
    _wrap(WSHandler, "on_close", with_goodbye)


def routes() -> list[tuple[Any, ...]]:
    """Our own routes, all behind the request guard."""
    from dashboard.desktop.bridge import DesktopSocket
    from dashboard.views.lab.routes import ROUTES as LAB
    from dashboard.web import files, recordings
    from dashboard.web.downloads import Download, Upload
    from dashboard.web.guard import OwnedVoice
    from dashboard.web.images import SessionImage
    from dashboard.web.link import LinkSocket, Stop
    from dashboard.web.say import Say

    bench = workbench()
    return [
        (r"/health", Health),
        (r"/locked", Locked, {"reason": "key"}),
        (r"/goodbye", Goodbye),
        (r"/link", LinkSocket),
        (r"/stop", Stop),
        (r"/desktop/rfb", DesktopSocket),
        (r"/sessions/([\w.-]+)/images/([0-9a-f]{64})", SessionImage),
        (r"/sessions/([\w.-]+)/say", Say),
        (r"/recordings/import", Upload),
        *files.routes(),
        *recordings.routes(),
        (r"/exports/([\w-]+)/([\w.-]+)", Download),
        *LAB,
        *bench.voices.routes(bench.tickets, OwnedVoice),
    ]


def check_bind(
    address: str | None,
    hosts: frozenset[str],
    *,
    guarded: bool,
    private: bool = False,
    contained: bool = False,
) -> None:
    """Refuse to listen where strangers could come in without signing in, or read along.

    A name under which other machines reach the server (by a proxy) counts as a public address.

    Args:
        address: What it listens on; None for a socket file.
        hosts: Further names by which it is reached.
        guarded: Whether people sign in.
        private: Whether what they send is encrypted on its way, or the person insists.
        contained: Whether the address is a container's own, published on loopback only.

    Raises:
        ConfigurationError: it is public, and there is no login, no host name, or no TLS.
    """
    foreign = sorted(filter(is_foreign, hosts))
    local = address is None or is_loopback(address) or (contained and not hosts)
    if local and not foreign:
        return
    where = f"as {foreign[0]}" if local else f"on {address}"
    if not guarded:
        raise ConfigurationError(
            f"Sayso will not listen {where} without a login: whoever reached it would have "
            "the desktop's mouse and keyboard. Leave --address and --allow-websocket-origin out to "
            "serve this machine only (and reach it through an SSH tunnel), or add --basic-auth or "
            "--oauth-provider."
        )
    if not hosts:
        raise ConfigurationError(
            f"To listen on {address}, say by which name people reach this server: "
            "--allow-websocket-origin NAME:PORT (no wildcard)."
        )
    if not private:
        raise ConfigurationError(
            f"Sayso will not listen {where} without TLS: passwords could be read in transit. Add "
            "--ssl-certfile and --ssl-keyfile, or name the proxy in front that has them in "
            "SAYSO_TRUSTED_PROXIES. To do it all the same, set SAYSO_PLAIN_PASSWORDS=true."
        )


def _wrap(owner: type, name: str, around: Callable[..., Any]) -> None:
    inner = getattr(owner, name)

    @functools.wraps(inner)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(inner, self, *args, **kwargs)

    setattr(owner, name, wrapper)


def _guarded_server(inner: Any, self: Any, applications: Any, *args: Any, **kwargs: Any) -> None:
    bench = workbench()
    hosts = host_names(kwargs.get("allow_websocket_origin") or ())
    guarded = not isinstance(kwargs.get("auth_provider", NullAuth()), NullAuth)
    bench.identity.login = guarded
    bench.identity.guests = bool(config.oauth_optional or config.oauth_guest_endpoints)
    bench.identity.names_proven = not is_one_password()
    bench.identity.prefix = (kwargs.get("prefix") or "").strip("/")
    if bench.identity.prefix and config.cookie_path == "/":
        config.cookie_path = f"/{bench.identity.prefix}"
    proxies = _or_exit(Proxies.of, bench.settings.trusted_proxies)
    if kwargs.get("use_xheaders"):
        raise SystemExit(
            "Sayso believes the headers of named proxies only: leave --use-xheaders out, and name "
            "them in SAYSO_TRUSTED_PROXIES."
        )
    unix = bool(kwargs.get("unix_socket"))
    if not unix:
        kwargs["address"] = kwargs.get("address") or "localhost"
    tls = kwargs.get("ssl_certfile") is not None
    private = tls or bool(proxies) or bench.settings.plain_passwords
    bound = None if unix else kwargs["address"]
    contained = bench.settings.contained
    _or_exit(check_bind, bound, hosts, guarded=guarded, private=private, contained=contained)
    if kwargs.get("num_procs", 1) != 1:
        raise SystemExit("Sayso keeps its sessions in one process: leave --num-procs out.")
    programs = _or_exit(programs_of, bench, several=guarded)
    bench.request_guard = RequestGuard(
        hosts=hosts, voices=bench.request_guard.voices, proxies=proxies
    )
    if not guarded:
        _inherit(bench)
    kwargs |= {"sign_sessions": True, "secret_key": bench.secret.hex().encode()}
    # The page embeds what is named here in clear, so that its scripts could read it.
    kwargs |= {"include_headers": ["Host", "User-Agent"], "include_cookies": []}
    kwargs |= {"exclude_headers": None, "exclude_cookies": None}
    kwargs.setdefault("unused_session_lifetime_milliseconds", KEPT)
    kwargs.setdefault("check_unused_sessions_milliseconds", 5_000)
    if kwargs.get("session_token_expiration") in (None, DEFAULT_SESSION_TOKEN_EXPIRATION):
        kwargs["session_token_expiration"] = _TOKEN_LASTS
    inner(self, applications, *args, **kwargs)
    memory.settle("dashboard.app")
    ahead.prepare(self.io_loop.asyncio_loop)
    self._sayso_link = bench.lock.link(_address(self, unix=unix, tls=tls))
    if programs is not None:
        print(let_in(bench, programs, self.io_loop.asyncio_loop), flush=True)
    if not guarded:
        print(
            f"Open Sayso with this link; nobody gets in without it:\n{self._sayso_link}", flush=True
        )


def _inherit(bench: Workbench) -> None:
    """Give the one person of this server what was kept for them before there were links."""
    owners = bench.sessions.ownership.browsers
    try:
        in_time(lambda: bench.people.inherit(LOCAL, owners()), _START)
    except (DiskHangs, JournalError):
        _log.warning("Earlier settings and prompts were not looked for: the disk does not answer.")


def _address(server: Any, *, unix: bool, tls: bool) -> str:
    """The first page's address; behind a socket file only the part after the proxy's."""
    path = server.prefix + next(iter(server._tornado.app_paths), "/")  # noqa: SLF001 - Bokeh has no list of them
    if unix:
        return path
    name = "localhost" if workbench().settings.contained else server.address or "localhost"
    host = f"[{name}]" if ":" in name else name
    return f"{'https' if tls else 'http'}://{host}:{server.port}{path}"


def _by_link(inner: Any, self: Any, app_path: str, *args: Any, **kwargs: Any) -> None:
    """``--show``: the browser gets the link in a file, for arguments can be read by everybody."""
    bench = workbench()
    if bench.identity.login or not self.port:
        inner(self, app_path, *args, **kwargs)
        return
    with contextlib.suppress(OSError):  # it is printed, too
        view(str(bench.doormat.lay(self._sayso_link, self.port)), *args, **kwargs)


def _with_farewell(inner: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """Close the agent's sessions and their desktops once the server's loop has been stopped."""
    loop = self.io_loop.asyncio_loop
    if not loop.is_running() and not loop.is_closed():
        loop.run_until_complete(asyncio.wait_for(workbench().close(), _FAREWELL))
    inner(self, *args, **kwargs)


def _or_exit(check: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return check(*args, **kwargs)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None


def _with_routes(inner: Any, self: Any, applications: Any, *args: Any, **kwargs: Any) -> None:
    kwargs["log_function"] = log_request
    # A page's first message is 170 kB of definitions. Each secret in a page's messages is of
    # that page only and used once, so that their sizes tell nothing about another.
    if kwargs.get("websocket_compression_level") is None:
        kwargs |= {"websocket_compression_level": 4, "websocket_compression_mem_level": 6}
    kwargs["extra_patterns"] = [*(kwargs.get("extra_patterns") or ()), *routes()]
    inner(self, applications, *args, **kwargs)


def log_request(handler: RequestHandler) -> None:
    """One line for a failed request, without its query: tickets do not belong in a log."""
    status = handler.get_status()
    level = logging.INFO if status < 400 else logging.WARNING if status < 500 else logging.ERROR
    _log.log(level, "%d %s %s", status, handler.request.method, _path(handler.request))


def _path(request: HTTPServerRequest) -> str:
    """The path for a log: some letters beyond ASCII command a terminal."""
    return request.path.encode("ascii", "backslashreplace").decode()


def _through_door(inner: Any, self: Any, request: HTTPServerRequest, **kwargs: Any) -> Any:
    request_guard = workbench().request_guard
    request_guard.proxies.unwrap(request)
    refusal = request_guard.verdict(request)
    signins.admit(request)
    if refusal is None:
        return inner(self, request, **kwargs)
    _log.warning("Refused %s %s: %s", request.method, _path(request), refusal.reason)
    return self.get_handler_delegate(request, Kept, {"text": refusal.reason})


def _with_headers(
    inner: Any, self: Any, request: HTTPServerRequest, target_class: Any, *args: Any, **kwargs: Any
) -> Any:
    """Past the request guard, whatever a request leads to goes by here: so the lock stands here."""
    if not _open_to_all(self, target_class):
        page, address = issubclass(target_class, _PAGES), is_by_address(target_class)
        turned = workbench().lock.verdict(request, page=page, address=address)
        if turned is not None:
            target_class, args, kwargs = turned.handler, (dict(turned.arguments),), {}
    _bound(request, target_class)
    return inner(self, request, _secured(target_class), *args, **kwargs)


def _bound(request: HTTPServerRequest, handler: type[RequestHandler]) -> None:
    """Refuse a long body, but for a handler that takes it in piece by piece."""
    connection: Any = request.connection
    if not handler._stream_request_body:  # noqa: SLF001 - as Tornado itself asks
        connection.set_max_body_size(_MOST_BODY)


def _open_to_all(application: Any, handler: type[RequestHandler]) -> bool:
    """What shows nothing of anybody: our scripts and styles, and how to get in."""
    login = application.auth_provider
    ways_in = (login.login_handler, login.logout_handler, IcoHandler, Health, Kept)
    return issubclass(handler, (*_PUBLIC_FILES, *filter(None, ways_in)))


@functools.cache
def _secured(handler: type[RequestHandler]) -> type[RequestHandler]:
    """The handler class with our headers; a page also gets the browser's cookie."""

    def set_cookie(self: RequestHandler, name: str, value: str, **how: Any) -> None:
        how["secure"] = how.get("secure") or self.request.protocol == "https"
        how["samesite"] = how.get("samesite") or "Lax"  # a login elsewhere leads back here
        how.setdefault("path", config.cookie_path)  # a logout must clear what the login has set
        handler.set_cookie(self, name, value, **how)

    def set_default_headers(self: RequestHandler) -> None:
        handler.set_default_headers(self)
        self.clear_header("Server")
        for name, value in workbench().request_guard.headers(self.request).items():
            self.set_header(name, value)
        if issubclass(handler, DocHandler):
            cookie = workbench().identity.admit(self.request)
            if cookie is not None:
                self.add_header("Set-Cookie", cookie)

    def redirect(self: RequestHandler, url: str, *args: Any, **how: Any) -> None:
        handler.redirect(self, _ELSEWHERE.sub("/", url), *args, **how)

    def _request_summary(self: RequestHandler) -> str:
        # Tornado logs it when something fails; tickets do not belong in a log.
        return f"{self.request.method} {_path(self.request)} ({self.request.remote_ip})"

    if issubclass(handler, DocHandler):
        handler = framed(handler)
    if issubclass(handler, ComponentResourceHandler):
        handler = _of_components(handler)
    if issubclass(handler, _PUBLIC_FILES):
        handler = compressed(handler)
    if issubclass(handler, WebSocketHandler):
        handler = with_key(known_by_sign_in(handler))
    members = (set_default_headers, set_cookie, redirect, _request_summary)
    return type(handler.__name__, (handler,), {each.__name__: each for each in members})


def _of_components(handler: type[ComponentResourceHandler]) -> type[ComponentResourceHandler]:
    """The handler of components' files, which everybody may ask, without importing for them.

    Panel imports whatever module an address names, and so runs it: some end the process.
    """

    class Known(handler):  # type: ignore[valid-type,misc]
        def parse_url_path(self, path: str) -> str:
            module = path.partition("/")[0]
            if module not in sys.modules and not _COMPONENTS.fullmatch(module):
                raise HTTPError(404)
            found: str = super().parse_url_path(path)
            return found

    return Known


def _without_delay(inner: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    # Bokeh sends each message as three frames; with Nagle's algorithm on, a round trip waits
    # for the peer's delayed acknowledgement: about 45 ms.
    self.set_nodelay(True)
    return inner(self, *args, **kwargs)
