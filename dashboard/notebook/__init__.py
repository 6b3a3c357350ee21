"""Sayso in a notebook: objects show themselves, live, and can be talked to.

::

    from agent import Session, Settings
    from dashboard.notebook import Talk, do

    session = Session.create(Settings(model="offline"))
    await session.open()
    session                                            # live desktop, conversation, Stop
    await do(session, "Open the text editor.")         # what happened
    talk = await Talk.open(session); talk              # press Start and speak

Code without ``await`` uses `agent.blocking`.
"""

from dashboard.notebook.mimebundle import face_of
from dashboard.notebook.speaker import Speaker
from dashboard.notebook.talk import Talk
from dashboard.notebook.tasks import do, recorded

__all__ = ["Speaker", "Talk", "do", "face_of", "recorded", "register"]


def register() -> None:
    """Have IPython ask for the faces of records that know nothing of notebooks."""
    from IPython.core.getipython import get_ipython

    from agent.desktop.base import EncodedImage
    from agent.replay import Recording, Timeline

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    formatter = shell.display_formatter.mimebundle_formatter
    for kind in (EncodedImage, Recording, Timeline):
        formatter.for_type(kind, lambda thing, **_: face_of(thing))


register()
