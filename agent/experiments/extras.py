"""Libraries of the optional extra ``lab``, imported where they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from agent.errors import ConfigurationError


def extra(name: str, *, package: str = "lab") -> Any:
    """The module ``name``.

    Raises:
        ConfigurationError: it is not installed; the text says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"This needs {name.partition('.')[0]}, which is not installed: "
            f"pip install 'sayso[{package}]'."
        ) from error
