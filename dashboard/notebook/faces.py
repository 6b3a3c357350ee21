"""Where the entry point ``sayso.faces`` of an installed Sayso leads."""

from dashboard.notebook.mimebundle import face_of

__all__ = ["face_of"]
