"""The form of settings and keys. A key goes through it one way only: to the server."""

from __future__ import annotations

from pathlib import Path

import param

from dashboard.js.component import View

_HERE = Path(__file__).parent


class SettingsForm(View):
    """Fields in groups, then keys. What is changed goes to ``act``.

    Messages: ``{"type": "put", "name", "value"}``, ``{"type": "reset", "name"}``, ``{"type":
    "key", "name", "value"}``, ``{"type": "try_key", "name"}``, ``{"type": "remove_key", "name"}``,
    ``{"type": "withdraw", "name"}``, ``{"type": "take", "name"}``.
    A key's text is in no param: those are the browser's to read.
    """

    groups = param.List([], doc="Groups of fields, as `catalogue` has them.")
    fields = param.Dict({}, doc="By name: value, whether it is set, what locks it.")
    errors = param.Dict({}, doc="By name: why the last value was not taken.")
    keys = param.List([], doc="Name, label, where it is kept, how its test went. Not the key.")
    home = param.String("", doc="Where a key that is entered now will be kept.")
    trouble = param.String("", doc="Why what was kept could not be read.")
    grants = param.List([], doc="What is allowed for this session: id and words.")
    brought = param.List([], doc="What came with an import and does not hold: name and words.")
    later = param.Boolean(False, doc="Something was changed that the next session will have.")
    place = param.String("", doc="The field or group to show; changes when somebody is led there.")

    _esm = _HERE / "form.bundle.js"
    _stylesheets = [_HERE / "form.css"]  # noqa: RUF012 - as Panel declares it
