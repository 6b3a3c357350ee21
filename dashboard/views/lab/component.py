"""What the browser draws of the Lab: one component, a tab at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import param

from dashboard.js.component import View

_HERE = Path(__file__).parent
Message = dict[str, Any]


class LabComponent(View):
    """Tabs and their contents as plain JSON; what a person does comes back as messages.

    Messages: ``show`` (``at``), ``check``, ``prove`` and ``begin`` (``form``, ``slots``),
    ``resume``, ``cancel``, ``copy``, ``example``, ``stop_trial``, ``rescore``, ``gate``
    (``points``), ``refresh`` and ``replay``.
    """

    at = param.Dict({"tab": "list"}, doc="Where the person is: tab, experiment, trial, a, b.")
    experiments = param.List([], doc="Folder and name of every experiment, the latest first.")
    current = param.Dict({}, doc="What runs now: folder, name, done, planned; or nothing.")
    reading = param.String("", doc="The tab whose contents are being fetched.")
    fault = param.String("", doc="What went wrong with the last request, in a sentence.")
    listing = param.List(None, allow_None=True)
    choices = param.Dict({}, doc="Prompts, tasks and models to design with.")
    form = param.Dict({}, doc="A design to put into the form.")
    weighed = param.Dict({}, doc="What the form means: faults, forecast, differences.")
    live = param.Dict({})
    pictures = param.Dict({}, doc="Trial → latest picture, JPEG in base64.")
    compare = param.Dict({})
    gate = param.Dict({}, doc="Arms held against the baseline: folder, points, arms.")
    trial = param.Dict({})
    measures = param.List([], doc="What is measured of trials, as `agent.experiments.measures`.")
    prompts = param.List(None, allow_None=True)
    replay = param.Boolean(False, doc="Whether there is a view that replays trials.")

    _esm = _HERE / "lab.bundle.js"
    _stylesheets: ClassVar[list[str]] = ["lab.css", "design.css", "charts.css"]
