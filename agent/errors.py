"""The one tree of exceptions.

::

    SaysoError
    ├── ConfigurationError      a setting, key or path that the person must change
    ├── DesktopError
    │   ├── DesktopUnavailable  it cannot start here; the text says what to install
    │   └── DesktopDied         X server, window manager or bus went away
    ├── ToolError               told to the model in words; the run goes on
    │   ├── BadInput            the arguments are wrong
    │   ├── InputHalted         the person stopped; nothing is sent to the desktop
    │   ├── BrowserError        the browser refuses, hangs or is gone
    │   └── KeyboardMoved       the keyboard went elsewhere while text was typed
    ├── ModelError
    │   ├── ModelRefused        the service answered with ``refusal``
    │   ├── ModelUnavailable    key, model name, address or account is wrong
    │   ├── StreamBroken        the answer broke off midway
    │   └── ConversationRefused the service does not take the conversation as it is
    │       ├── ToolsRefused    the server takes no tools for this model
    │       ├── OptionRefused   it does not take something that can be left out
    │       └── ContextTooLong  it no longer fits into one request
    │           ├── AnswerTooLong    an answer so long is not given
    │           ├── PictureTooLarge  a picture in it is not taken
    │           ├── TooManyPictures  so many pictures are not taken
    │           └── DocumentRefused  an attached document is not taken
    ├── JournalError            the event log cannot be written or read
    │   ├── NewerJournal        a newer version wrote it: it can be read, not gone on with
    │   └── GuardFailed         what work relies on could not be kept up to date
    ├── FilesError              the person's files cannot be read, recorded or put back
    └── VoiceError              EVI, token, recogniser or synthesiser

Every message is a sentence for a person: what is wrong, and what to do.
"""

from __future__ import annotations

import errno

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of an `OSError` that mean that there is no room, on the disk or in the quota."""


class SaysoError(Exception):
    """Root of all errors that Sayso raises on purpose."""


class ConfigurationError(SaysoError):
    """A setting, key or path is wrong; the text says which and how to fix it."""


class DesktopError(SaysoError):
    """Something about the desktop failed."""


class DesktopUnavailable(DesktopError):
    """The desktop cannot be started here; the text says what is missing."""


class DesktopDied(DesktopError):
    """The X server, the window manager or the bus went away under a running action."""


class ToolError(SaysoError):
    """An action failed; the text goes to the model as an error result.

    ``shown`` is what people read, where the text tells the model what to do.
    """

    def __init__(self, text: str, *, shown: str | None = None) -> None:
        super().__init__(text)
        self.shown = shown


class BadInput(ToolError):
    """An action's arguments are wrong; the text says what would be right."""


class InputHalted(ToolError):
    """The input driver refuses everything until it is resumed."""


class BrowserError(ToolError):
    """The browser does not do what it was asked for; the text is its own, or says why."""

    def __init__(self, text: str, *, hangs: bool = False, gone: bool = False) -> None:
        super().__init__(text)
        self.hangs = hangs
        self.gone = gone


class KeyboardMoved(ToolError):
    """Keys would have gone elsewhere: ``typed`` characters were sent before that was seen."""

    def __init__(self, typed: int, of: int) -> None:
        super().__init__(
            f"The keyboard went elsewhere after {typed} of {of} characters. The rest was not typed."
        )
        self.typed = typed


class ModelError(SaysoError):
    """A turn of the model failed."""


class ModelRefused(ModelError):
    """The service declined to answer (``stop_reason: refusal``)."""


class ModelUnavailable(ModelError):
    """The service cannot be used as configured: key, model, address or account."""


class ServiceBroke(ModelUnavailable):
    """The service failed inside (status 500), at each try."""


class StreamBroken(ModelError):
    """The answer broke off midway: connection cut, error event or missing end."""


class ConversationRefused(ModelError):
    """The service does not take the conversation as it is, or it cannot be put into a request."""


class ContextTooLong(ConversationRefused):
    """The conversation no longer fits into one request."""


class ToolsRefused(ConversationRefused):
    """The server takes no tools for this model, or not as it was started."""


class OptionRefused(ConversationRefused):
    """The service does not take something that a request can do without; ``option`` names it."""

    def __init__(self, text: str, option: str) -> None:
        super().__init__(text)
        self.option = option


class AnswerTooLong(ContextTooLong):
    """The server gives no answer so long; ``most`` is how many tokens it may have, if it says so.

    ``window``: that is what is left of the conversation's whole length beside this prompt.
    """

    def __init__(self, text: str, most: int | None = None, window: int | None = None) -> None:
        super().__init__(text)
        self.most = most
        self.window = window


class PictureTooLarge(ContextTooLong):
    """The service does not take a picture in the conversation: its size, weight or data."""


class DocumentRefused(ContextTooLong):
    """The service does not take a document that was attached: its data, pages or size."""


class TooManyPictures(ContextTooLong):
    """The service takes fewer pictures in one request; ``most`` is how many, if it says so."""

    def __init__(self, text: str, most: int | None = None) -> None:
        super().__init__(text)
        self.most = most


class JournalError(SaysoError):
    """The event log cannot be written or read."""


class FilesError(SaysoError):
    """The person's files cannot be read, written, recorded or put back; the text says why."""


class NewerJournal(JournalError):
    """A newer version wrote the journal: it can be read, but not gone on with."""


class GuardFailed(JournalError):
    """What work relies on (limits, approvals, history, status) missed an event; nothing goes on."""

    def __init__(self) -> None:
        super().__init__(
            "Sayso lost count of what has happened here, by a fault of its own, so the work was "
            "stopped. End this session and open it again; the server's log has the details."
        )


class VoiceError(SaysoError):
    """EVI, its token, the recogniser or the synthesiser failed."""
