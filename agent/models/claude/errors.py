"""The SDK's errors as sentences for a person: what is wrong and what to do about it.

Neither a key nor a header ever gets into a message: texts of the service pass through
`scrub`, and errors are raised without the SDK's own as their cause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from anthropic import APIConnectionError, APIStatusError, APITimeoutError

from agent.errors import (
    AnswerTooLong,
    ContextTooLong,
    ConversationRefused,
    DocumentRefused,
    ModelError,
    ModelUnavailable,
    OptionRefused,
    PictureTooLarge,
    ServiceBroke,
    StreamBroken,
    ToolsRefused,
    TooManyPictures,
)

_KEYS = re.compile(r"sk-ant-[\w-]{4,}|(?i:bearer)\s+[\w.~+/=-]{8,}")
_TOO_LONG = re.compile(
    r"(?:prompt|input) is too long|context (?:window|length|size)|exceeds? .{0,40}context"
    r"|context .{0,20}overflow|too many tokens|longer than the maximum model length"
    r"|token count .{0,40}exceeds|exceeds? .{0,20}max_model_len",
    re.IGNORECASE,
)
_TOO_MANY = re.compile(
    r"too many (?:images|pictures|image)|(?P<single>(?:single|only one|more than one|at most one) "
    r"(?:image|picture)|multiple (?:images|pictures))"
    r"|(?:at most|more than|only|max(?:imum)?(?: of)?|up to|limit(?: of)?) (?P<most>\d+) "
    r"(?:image|picture)|image=(?P<set>\d+)"
    r"|(?:images?|pictures?)\b.{0,40}?\b(?:limit|max(?:imum)?)(?: allowed| reached)?(?: is| of)?:? "
    r"\(?(?P<after>\d+)(?! ?(?:[km]i?b|bytes|px|pixels))\b"
    r"|(?:image|picture)s?\b.{0,30}\b(?:in|per) (?:one|an?|the same|each|a single) "
    r"(?:request|prompt|message)"
    r"|(?:images|pictures) > (?P<over>\d+)|(?:image|picture) count exceeds",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"max_(?:completion_|output_)?tokens|maximum tokens you requested|in the completion"
    r"|requested \d+ output tokens",
    re.IGNORECASE,
)
_WINDOW = re.compile(
    r"(?:maximum )?context length (?:is|of)(?: only)? (?P<window>\d+)", re.IGNORECASE
)
_PROMPT = re.compile(
    r"(?P<prompt>\d+) (?:input tokens|in the messages|tokens from the input|of text input)",
    re.IGNORECASE,
)
_MOST_TOKENS = re.compile(
    r"> (?P<over>\d+), which is the maximum"
    r"|at most (?P<most>\d+) (?:completion |output )?tokens"
    r"|(?:model )?limit of (?P<limit>\d+)"
    r"|less than or equal to `?(?P<equal>\d+)"
    r"|range (?:of max_tokens is |from )?\[ ?1, (?P<range>\d+)(?P<open>\)?)"
    r"|max_tokens.{0,40}(?:maximum|max)(?: allowed)?(?: is| of)?:? (?P<plain>\d+)",
    re.IGNORECASE,
)
_NO_TOOLS = re.compile(
    r"does not support (?:tools?|function)|tools?(?: use| calling)? (?:is|are) not supported"
    r"|--enable-auto-tool-choice|tools param requires --jinja|not support tool",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"invalid model name|model .{0,120}(?:does not exist|not found)|no such model", re.IGNORECASE
)
_BAD_KEY = re.compile(r"authentication error|no connected db|invalid api key", re.IGNORECASE)
_NO_CREDIT = re.compile(r"credit balance|billing", re.IGNORECASE)
_DIMENSIONS = "image_dimensions_too_large"
_PICTURE = re.compile(rf"{_DIMENSIONS}|image exceeds|could not process image", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"(?:could not|cannot|unable to) (?:process|read|parse) (?:the )?(?:pdf|document)"
    r"|\bpdf pages\b|\bpdf\b.{0,60}(?:password|encrypted|valid|pages|large)",
    re.IGNORECASE,
)
_OPTIONS = (
    ("system", re.compile(r"role '?system'?", re.IGNORECASE)),
    ("1h", re.compile(r"\bttl\b", re.IGNORECASE)),
    ("speed", re.compile(r"\bspeed\b|fast[- ]mode", re.IGNORECASE)),
    ("fallbacks", re.compile(r"\bfallbacks?\b", re.IGNORECASE)),
    ("task_budget", re.compile(r"task[_-]budget", re.IGNORECASE)),
)
"""Words by which a service refuses what a request can do without."""

REFUSALS = frozenset({400, 422})
"""Statuses by which a service says that it does not take a request as it is."""

_PLAIN = frozenset({401, 402, 403, 429, 529})
"""Statuses that say enough by themselves, whoever answers."""

_READ = 4000
"""Characters of a service's words that are looked into …"""

_SHOWN = 1500
"""… and that are told."""

_BLIND = re.compile(
    r"image input is not supported|does not support (?:images?|vision|image)|mmproj"
    r"|no vision|not a (?:multimodal|vision)|images? (?:is|are) not supported",
    re.IGNORECASE,
)


UNWRITABLE = (TypeError, ValueError, KeyError, AttributeError, RecursionError, OverflowError)
"""What Python raises for data that no request can hold."""


@dataclass(frozen=True, slots=True)
class Service:
    """What messages may say about the other side; ``secrets`` are what they may not."""

    model: str
    base_url: str
    secrets: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """Scheme, host and port; never a user, password or query."""
        parts = urlsplit(self.base_url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def scrub(self, text: str) -> str:
        """``text`` without keys."""
        return scrub(text, self.secrets)


def scrub(text: str, secrets: Sequence[str] = ()) -> str:
    """``text`` with the given secrets and everything that looks like a key taken out."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
    return _KEYS.sub("[key]", text)


def is_ours(error: Exception) -> bool:
    """Whether the request could not even be written: nothing was sent to anybody."""
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    return isinstance(cause, UNWRITABLE)


def unwritable(error: Exception) -> ConversationRefused:
    """The error to raise where the conversation cannot be put into a request."""
    cause = error.__cause__ if isinstance(error, APIConnectionError) else error
    return ConversationRefused(
        f"Sayso could not write its request to the model ({type(cause).__name__}: {cause}). "
        "This is a fault of Sayso, not of the network. Please report it, and start a new session."
    )


def is_blind(error: Exception) -> bool:
    """Whether a server says that its model cannot see (local ones do so with a 500)."""
    return isinstance(error, APIStatusError) and bool(_BLIND.search(_said(error)))


def is_too_long(error: Exception) -> bool:
    """Whether a server says that the request is too long (some local ones with a 500)."""
    if not isinstance(error, APIStatusError):
        return False
    told = error.status_code in (400, 422, 500) and _TOO_LONG.search(_said(error))
    return error.status_code == 413 or bool(told) or has_too_many_pictures(error)


def takes_no_tools(error: Exception) -> bool:
    """Whether a server says that it takes no tools (llama.cpp does so with a 500)."""
    known = isinstance(error, APIStatusError) and error.status_code in (400, 422, 500, 501)
    return known and bool(_NO_TOOLS.search(_said(error)))


def is_answer_too_long(error: APIStatusError) -> bool:
    """Whether a server refuses the length of the answer that was asked for."""
    return error.status_code in (400, 422) and bool(_ANSWER.search(_said(error)))


def blind(model: str) -> str:
    """What is said of a model that cannot see."""
    return (
        f"The model {model} cannot see images, so it cannot use a desktop. Choose one with vision."
    )


def unknown_model(service: Service) -> str:
    """What is said of a model that a service does not have."""
    return (
        f"{service.host} does not know the model {service.model}. "
        "Check the model's name and ANTHROPIC_BASE_URL."
    )


def has_too_many_pictures(error: APIStatusError) -> bool:
    """Whether a server says that it takes fewer pictures (some local ones with a 500)."""
    return error.status_code in (400, 422, 500) and bool(_TOO_MANY.search(_said(error)))


def says_for_sure(error: Exception) -> bool:
    """Whether a failed question about a model says that the model cannot be used as configured.

    A gateway may not have the question's route, and a service that is overloaded may answer
    the next time.
    """
    if not isinstance(error, APIStatusError):
        return isinstance(error, APIConnectionError | httpx2.TransportError)
    return error.status_code == 401 or error.type == "not_found_error"


def explain(
    error: Exception,
    service: Service,
    *,
    started: bool = False,
    tries: int = 1,
    asked: float | None = None,
) -> ModelError:
    """The error to raise for one of the SDK's.

    ``started``: the answer had begun; ``asked``: seconds that the service wants to be left alone.
    """
    if started or (isinstance(error, APIStatusError) and error.status_code == 200):
        return StreamBroken(f"The model's answer broke off: {_how(error, service)}.")
    if isinstance(error, APIStatusError):
        after = ", after several tries" if tries > 1 else ""
        return _explain_status(error, service, after, _when(asked))
    if isinstance(error, APITimeoutError | httpx2.TimeoutException):
        return ModelUnavailable(
            f"{service.host} did not answer in time. Check the network, or try again later."
        )
    if is_ours(error):
        return unwritable(error)
    if isinstance(error, APIConnectionError | httpx2.TransportError):
        return ModelUnavailable(
            f"{service.host} cannot be reached. Check the network and ANTHROPIC_BASE_URL."
        )
    said = _told(error, service).rstrip(".")
    return ModelError(f"The model's service failed: {said}. Try again.")


def _when(asked: float | None) -> str:
    """When it is worth another try."""
    if asked is None or asked <= 60:
        return "in a minute"
    if asked <= 5400:
        return f"in {round(asked / 60)} minutes, as the service asks"
    return f"in {round(asked / 3600)} hours, as the service asks"


def _explain_status(error: APIStatusError, service: Service, after: str, when: str) -> ModelError:
    said = _told(error, service)
    if is_blind(error):
        return ModelUnavailable(blind(service.model))
    if takes_no_tools(error):
        return ToolsRefused(
            f"{service.host} takes no tools for {service.model} ({said.rstrip('.')}). Start the "
            "server with its parser for tool calls, or choose another model."
        )
    if error.status_code == 400 and (error.error_code == _DIMENSIONS or _PICTURE.search(said)):
        return PictureTooLarge(
            f"The service does not take a screenshot of this size ({said.rstrip('.')}). "
            "Set SAYSO_WIDTH and SAYSO_HEIGHT to a smaller desktop, such as 1280 by 800."
        )
    if has_too_many_pictures(error):
        return TooManyPictures(
            f"{service.model} is shown more pictures than its server takes ({said.rstrip('.')}). "
            "Let the server take more, or choose another model.",
            most_pictures(said),
        )
    if is_answer_too_long(error):
        return _answer_too_long(service, said)
    if is_too_long(error):
        return ContextTooLong(
            f"What {service.model} has to be told does not fit into one request, not even in few "
            "words. Choose a model with a larger window, or set SAYSO_WIDTH and SAYSO_HEIGHT to "
            "a smaller desktop."
        )
    if error.status_code == 400 and _DOCUMENT.search(said):
        return DocumentRefused(
            f"The service does not take an attached document ({said.rstrip('.')}). "
            "Attach it in another form, such as text or pictures."
        )
    if _is_foreign(error):
        return _foreign(error.status_code, service, after)
    return _by_status(error.status_code, said.rstrip("."), service, after, when)


def _answer_too_long(service: Service, said: str) -> AnswerTooLong:
    most, window = most_tokens(said)
    return AnswerTooLong(
        f"{service.host} does not take a conversation with {service.model} that long "
        f"({said.rstrip('.')}). Let the server have a longer context, or choose another model.",
        most,
        window,
    )


def most_tokens(said: str) -> tuple[int | None, int | None]:
    """How many tokens an answer may have by a server's words, and a whole conversation.

    Where they tell the conversation's length and the prompt's, the rest is the answer's.
    """
    whole, prompt = _WINDOW.search(said), _PROMPT.search(said)
    if whole is not None:
        window = int(whole["window"])
        return (window - int(prompt["prompt"]) if prompt else None), window
    found = _MOST_TOKENS.search(said)
    if found is None:
        return None, None
    number = next(int(v) for k, v in found.groupdict().items() if v and k != "open")
    return number - (found["open"] == ")"), None


def most_pictures(said: str) -> int | None:
    """How many pictures a server takes by its own words; None if they do not tell."""
    found = _TOO_MANY.search(said)
    if found is None:
        return None
    number = found["most"] or found["set"] or found["after"] or found["over"]
    return 1 if found["single"] else int(number) if number else None


def _is_foreign(error: APIStatusError) -> bool:
    """Whether something answered that has another form for errors, such as a web page."""
    body = error.body
    if error.status_code in _PLAIN or isinstance(body, list):  # Google Cloud's errors are lists
        return False
    return not (isinstance(body, dict) and {"error", "message", "Message"} & body.keys())


def _foreign(status: int, service: Service, after: str) -> ModelError:
    if status >= 500 and status != 501:
        return _failing(status)(
            f"{service.host} failed with status {status}{after}. "
            "Try again later, or check ANTHROPIC_BASE_URL."
        )
    return ModelUnavailable(
        f"{service.host} does not speak the Messages API: it answered with status {status}. "
        "Check ANTHROPIC_BASE_URL."
    )


def _failing(status: int) -> type[ModelUnavailable]:
    return ServiceBroke if status == 500 else ModelUnavailable


def _by_status(status: int, said: str, service: Service, after: str, when: str) -> ModelError:
    match status:
        case _ if status == 401 or (status in (400, 403, 500) and _BAD_KEY.search(said)):
            return ModelUnavailable(
                f"{service.host} does not accept the key. Put a valid one into ANTHROPIC_API_KEY."
            )
        case _ if status == 402 or (status == 400 and _NO_CREDIT.search(said)):
            return ModelUnavailable("The account has no credit left. Add some, then try again.")
        case 403:
            return ModelUnavailable(
                f"The key may not use {service.model}: {said}. Choose another model, or put "
                "another key into ANTHROPIC_API_KEY."
            )
        case _ if status == 404 or (status == 400 and _NO_MODEL.search(said)):
            return ModelUnavailable(unknown_model(service))
        case 429:
            return ModelUnavailable(
                f"The account's rate limit is reached{after}. Try again {when}."
            )
        case 529:
            return ModelUnavailable(f"The model's service is overloaded{after}. Try again {when}.")
        case _ if status >= 500:
            return _failing(status)(
                f"The model's service failed with status {status}{after}: {said}. Try again later."
            )
        case _ if status in REFUSALS:
            text = (
                f"{service.host} rejects the request ({status}): {said}. "
                "Check the model and its settings, or choose another model."
            )
            option = next((name for name, words in _OPTIONS if words.search(said)), None)
            return ConversationRefused(text) if option is None else OptionRefused(text, option)
        case _:
            return ModelError(
                f"{service.host} rejects the request ({status}): {said}. "
                "Check the model and its settings, or choose another model."
            )


def _how(error: Exception, service: Service) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "the service fell silent"
    if isinstance(error, httpx2.TransportError):
        return "the connection was cut"
    return _told(error, service).rstrip(".")


def _said(error: Exception) -> str:
    """The other side's words, as far as they are read: a fault may bring a whole web page."""
    told = (error.api_message or error.message) if isinstance(error, APIStatusError) else error
    told = str(told)  # a service's message may be no text
    if len(told) > _READ:  # a word that is cut may be a key that is not known for one any more
        told = told[:_READ].rpartition(" ")[0] or told[:_READ]
    return told or type(error).__name__


def _told(error: Exception, service: Service) -> str:
    """Its words as they may be told. A key is taken out before anything is cut."""
    said = service.scrub(_said(error))
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN].rstrip()}…"
