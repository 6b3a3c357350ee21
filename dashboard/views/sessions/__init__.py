"""The sessions of a person: a list in the status bar and on a page, and a page without one."""
