"""One conversation: the session, its loop, its control, its permissions and its limits."""
