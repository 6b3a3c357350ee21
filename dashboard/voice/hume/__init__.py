"""Hume's EVI from the server's side: tokens, tickets for the widget, configuration."""

from dashboard.voice.hume.tickets import HumeVoice, OfflineVoice, Ticket, Voice
from dashboard.voice.hume.token import TokenMint

__all__ = ["HumeVoice", "OfflineVoice", "Ticket", "TokenMint", "Voice"]
