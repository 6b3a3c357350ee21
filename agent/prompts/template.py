"""A prompt's template and how it is filled in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agent.errors import ConfigurationError

ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=False
)
_FAILURES = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template's own expressions may raise while it is filled in."""


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
            return ENVIRONMENT.from_string(self.template).render(**variables)
        except _FAILURES as error:
            known = ", ".join(sorted(variables))
            raise ConfigurationError(
                f"The prompt “{self.name}” cannot be filled in: {error}. Variables: {known}."
            ) from error
