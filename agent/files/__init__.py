"""The person's files in a session's home: what they are, in and out, and put back."""

from __future__ import annotations

from agent.files.kinds import is_state
from agent.files.listing import Entry, Listing, count_files, list_files
from agent.files.names import from_key, safe_name, shown, to_key
from agent.files.paths import Incoming, open_file
from agent.files.telling import bounded

__all__ = [
    "Entry",
    "Incoming",
    "Listing",
    "bounded",
    "count_files",
    "from_key",
    "is_state",
    "list_files",
    "open_file",
    "safe_name",
    "shown",
    "to_key",
]
