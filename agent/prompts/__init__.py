"""System prompts as files: Markdown with Jinja variables, versioned by content hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agent.errors import ConfigurationError

_FOLDER = Path(__file__).parent
_environment = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's template and the hash of its bytes."""

    name: str
    template: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.template.encode()).hexdigest()

    def render(self, **variables: object) -> str:
        """The text for the model.

        Raises:
            ConfigurationError: the template is wrong or names an unknown variable.
        """
        try:
            return _environment.from_string(self.template).render(**variables)
        except (jinja2.TemplateError, ArithmeticError, TypeError) as error:
            known = ", ".join(sorted(variables))
            raise ConfigurationError(
                f"The prompt “{self.name}” cannot be filled in: {error}. Variables: {known}."
            ) from error


def list_prompts() -> list[str]:
    """Names of the prompts that come with Sayso."""
    return sorted(path.stem for path in _FOLDER.glob("*.md"))


def load_prompt(name: str) -> Prompt:
    """A prompt by its name, or by the path of a Markdown file.

    Raises:
        ConfigurationError: there is no such prompt.
    """
    path = _FOLDER / f"{name}.md" if name in list_prompts() else Path(name)
    try:
        return Prompt(path.stem, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(list_prompts())
        raise ConfigurationError(
            f"There is no prompt “{name}”: give the path of a Markdown file, or one of {known}."
        ) from error
