"""What happened, and where it is kept: events, the log, the journal, exports."""
