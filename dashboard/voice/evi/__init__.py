"""Hume's EVI from the server's side: tokens, tickets for the widget, configuration."""

from dashboard.voice.evi.tickets import HumeVoice, OfflineVoice, Ticket, Voice
from dashboard.voice.evi.token import TokenMint

__all__ = ["HumeVoice", "OfflineVoice", "Ticket", "TokenMint", "Voice"]
