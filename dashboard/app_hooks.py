"""Bokeh runs this before it builds the server: the request guard and our routes go in first."""

from dashboard.hooks import on_session_destroyed, process_request
from dashboard.web.mount import install

__all__ = ["on_session_destroyed", "process_request"]

install()
