"""What notebooks do most: give a session a task, wait, and read what happened."""

from __future__ import annotations

from agent.replay import Recording
from agent.session.session import Session


async def do(session: Session, text: str, *, timeout: float | None = None) -> Recording:
    """Give the agent ``text`` to do and wait until it has finished.

    Interrupting the cell stops the agent.

    Args:
        session: An open session.
        text: What to do, in a sentence.
        timeout: Seconds after which the agent is stopped.

    Returns:
        What happened since, to be shown, laid out in time, or compared.

    Raises:
        TimeoutError: it had not finished after ``timeout`` seconds.
    """
    began = len(session.log)
    try:
        session.say(text, source="api")
        await session.wait_idle(timeout)
    except BaseException:
        session.stop("The cell was interrupted.", source="api")
        raise
    return recorded(session, since=began)


def recorded(session: Session, *, since: int = 0) -> Recording:
    """What a session has done so far, from the event numbered ``since`` on."""
    folder = getattr(session.journal, "folder", session.settings.data_dir)
    events = tuple(session.log.since(since))
    return Recording(session.id, folder, events, session.journal.prompt or "")
