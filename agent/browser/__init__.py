"""The session's own browser over DevTools: its tabs, what stands on a page, and acting on it."""
