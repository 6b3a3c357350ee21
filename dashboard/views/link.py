"""What watches the page's link to the server, and says when it is lost."""

from __future__ import annotations

from pathlib import Path

import param

from dashboard.js.component import View

_HERE = Path(__file__).parent


class LinkGuard(View):
    """Watches, repairs and reports the page's connection; carries Stop to the server by itself."""

    session = param.String("", doc="The session that Stop stops.")
    task = param.String("", doc="The task that runs, as the page shows it.")
    mark = param.String("", doc="By which the server knows the page, see `dashboard.web.goodbye`.")

    _esm = _HERE / "link.bundle.js"
    _stylesheets = [_HERE / "link.css"]  # noqa: RUF012 - as Panel declares it
