"""The prompts that come with Sayso, and prompts in files."""

from __future__ import annotations

from pathlib import Path

from agent.errors import ConfigurationError
from agent.prompts.template import Prompt

_FOLDER = Path(__file__).parent


def list_prompts() -> list[str]:
    """Names of the prompts that come with Sayso."""
    return sorted(path.stem for path in _FOLDER.glob("*.md"))


def shipped_path(name: str) -> Path:
    """The file of a prompt that comes with Sayso."""
    return _FOLDER / f"{name}.md"


def load_prompt(name: str) -> Prompt:
    """A prompt by its name, or by the path of a Markdown file.

    Raises:
        ConfigurationError: there is no such prompt, or it is no text.
    """
    path = shipped_path(name) if name in list_prompts() else Path(name)
    try:
        return Prompt(path.stem, path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The prompt “{name}” is not a text in UTF-8; save it as one."
        ) from error
    except OSError as error:
        known = ", ".join(list_prompts())
        raise ConfigurationError(
            f"There is no prompt “{name}”: give the path of a Markdown file, or one of {known}."
        ) from error
