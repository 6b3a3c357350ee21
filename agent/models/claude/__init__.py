"""Claude, and whatever speaks its Messages API: the SDK's client, dialects and errors."""
