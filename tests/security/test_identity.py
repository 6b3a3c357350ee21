"""Cookies: one browser, several servers on one machine; names and marks."""

from __future__ import annotations

from http.cookies import SimpleCookie

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine

from dashboard.web.identity import CLAIM, Identity


def request(jar: SimpleCookie) -> HTTPServerRequest:
    """What a browser with these cookies sends."""
    sent = "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items())
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    asked = HTTPServerRequest(
        start_line=line, headers=HTTPHeaders({"Cookie": sent, "Host": "localhost"})
    )
    asked.protocol = "http"
    return asked


def visit(server: Identity, jar: SimpleCookie) -> str:
    """Load a page, keep the cookie that it sets; whose the browser is taken for."""
    asked = request(jar)
    cookie = server.admit(asked)
    if cookie is not None:
        jar.load(cookie)
    return str(server.claims(asked)[CLAIM])


def test_two_servers_on_one_machine_leave_each_others_cookies_alone() -> None:
    """Cookies do not tell ports apart: each server knows its visitor again after the other."""
    here, there = Identity(b"h" * 32), Identity(b"t" * 32)
    jar: SimpleCookie = SimpleCookie()
    first, other = visit(here, jar), visit(there, jar)
    assert first != other
    assert (visit(here, jar), visit(there, jar)) == (first, other)
    assert len(jar) == 2


def test_a_cookie_of_another_secret_opens_nothing() -> None:
    """Nor does a name that looks like an owner's mark, where nobody signs in."""
    here = Identity(b"h" * 32)
    jar: SimpleCookie = SimpleCookie()
    owner = visit(here, jar)
    forged: SimpleCookie = SimpleCookie()
    for name in jar:
        forged[name] = "2|1:0|10:0|5:forge|4:Zm9v|" + "0" * 64
    forged["user"] = owner
    assert here.known(request(forged)) is None
    assert here.person(request(forged)) is None
