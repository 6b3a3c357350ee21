"""The gate: the one way from a confined desktop to a network."""
