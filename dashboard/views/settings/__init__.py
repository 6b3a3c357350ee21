"""Everything that a person may set, kept per person, applied at once where that is possible."""

from dashboard.views.settings.view import SettingsView, build

__all__ = ["SettingsView", "build"]
