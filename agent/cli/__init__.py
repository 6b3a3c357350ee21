"""What ``python -m agent`` is made of."""
