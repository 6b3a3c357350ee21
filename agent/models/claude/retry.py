"""When a request is tried again, and after how long: the SDK's rules, made visible.

The SDK would wait in silence; here each wait is a `Waiting` part that a person can see
and hear, and that can be cancelled.
"""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Mapping
from typing import Protocol

import httpx2
from anthropic import APIConnectionError, APIStatusError

from agent.models.base import Waiting
from agent.models.claude.errors import is_blind, is_ours, is_too_long, takes_no_tools

_FIRST = 0.5
_MOST = 8.0
LONGEST = 60.0
"""Seconds that a service may ask for at most (the SDK's own bound)."""

_STATUSES = frozenset({408, 409, 429})
_LATER = ("overloaded_error", "api_error", "rate_limit_error", "timeout_error")


class Jitter(Protocol):
    """A source of numbers in [0, 1)."""

    def random(self) -> float: ...


def pause_before_retry(
    error: Exception, attempt: int, *, jitter: Jitter | None = None
) -> Waiting | None:
    """The wait before try number ``attempt`` + 1 (from 0), or None where it is no use.

    A service that asks for more than `LONGEST` is not waited for: a person decides then.
    """
    if not _worth_it(error):
        return None
    asked = asked_wait(error)
    if asked is not None and asked > LONGEST:
        return None
    if asked is not None and asked > 0:
        return Waiting(asked, f"{_reason(error)} It asks for {max(1, round(asked))} s of patience.")
    delay = min(_FIRST * 2.0**attempt, _MOST)
    part = (jitter or random.SystemRandom()).random()
    return Waiting(delay * (1 - 0.25 * part), _reason(error))


def asked_wait(error: Exception) -> float | None:
    """Seconds that the service asks to be left alone for; None if it does not ask."""
    return retry_after(error.response.headers) if isinstance(error, APIStatusError) else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that ``retry-after-ms`` or ``retry-after`` (seconds or a date) ask for."""
    milliseconds = _finite(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "")
    seconds = _finite(value)
    return _until(value) if seconds is None else seconds


def _finite(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(value: str) -> float | None:
    """Seconds until an HTTP date, or None where it is none."""
    try:
        date = email.utils.parsedate_tz(value)
        return None if date is None else email.utils.mktime_tz(date) - time.time()
    except (ValueError, OverflowError, TypeError):
        return None


def _worth_it(error: Exception) -> bool:
    if is_ours(error):
        return False
    if isinstance(error, APIConnectionError | httpx2.TransportError):
        return True
    if not isinstance(error, APIStatusError) or _is_final(error):
        return False
    wish = error.response.headers.get("x-should-retry")
    if wish in ("true", "false"):
        return wish == "true"
    if error.status_code == 200:
        return error.type in _LATER
    return error.status_code in _STATUSES or error.status_code >= 500


def _is_final(error: APIStatusError) -> bool:
    """Whether the same request is refused again, though the status may say otherwise."""
    return is_blind(error) or is_too_long(error) or takes_no_tools(error)


def _reason(error: Exception) -> str:
    if not isinstance(error, APIStatusError):
        return "The model's service cannot be reached."
    if error.status_code == 429 or error.type == "rate_limit_error":
        return "The model's service limits the rate of requests."
    if error.status_code == 529 or error.type == "overloaded_error":
        return "The model's service is overloaded."
    return f"The model's service failed ({error.status_code})."
