"""System prompts as files: Markdown with Jinja variables, versioned by content hash."""

from agent.prompts.check import VARIABLES, Fault, faults
from agent.prompts.shipped import list_prompts, load_prompt
from agent.prompts.template import Prompt

__all__ = ["VARIABLES", "Fault", "Prompt", "faults", "list_prompts", "load_prompt"]
