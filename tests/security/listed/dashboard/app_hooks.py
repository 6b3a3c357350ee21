"""The app as people start it; it also says which routes it has, each with its handler."""

import json
from typing import Any

from bokeh.server.tornado import BokehTornado

from dashboard.app_hooks import on_session_destroyed, process_request

__all__ = ["on_session_destroyed", "process_request"]

_made = BokehTornado.__init__


def _listed(self: Any, *args: Any, **kwargs: Any) -> None:
    _made(self, *args, **kwargs)
    for rule in self.wildcard_router.rules:
        print("ROUTE", json.dumps([rule.matcher.regex.pattern, rule.target.__name__]), flush=True)


BokehTornado.__init__ = _listed  # type: ignore[method-assign]
