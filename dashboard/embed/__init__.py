"""Sayso in a Panel app of your own: ``pn.panel(session)``, or its parts in your own layout.

::

    import panel as pn
    from agent import Session, Settings
    from dashboard.embed import SessionParts

    parts = SessionParts(Session.create(Settings(model="offline")), owned=True)
    pn.Row(parts.conversation, parts.desktop, parts.state.status.param.detail).servable()

Panel's own server asks nobody who they are: whoever reaches such an app has the session.
"""

from dashboard.embed.faces import panel_of
from dashboard.embed.session import SessionParts

__all__ = ["SessionParts", "panel_of"]
