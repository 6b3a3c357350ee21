"""Voice commands: the planner that needs no key and no network."""

from agent.models.offline.hearing import rescore, vocabulary
from agent.models.offline.model import OfflineModel
from agent.models.offline.sentences import Plan, parse
from agent.models.offline.suggest import HELP, SPOKEN_HELP, Topic, help_text

__all__ = [
    "HELP",
    "SPOKEN_HELP",
    "OfflineModel",
    "Plan",
    "Topic",
    "help_text",
    "parse",
    "rescore",
    "vocabulary",
]
