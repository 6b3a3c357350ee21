"""What ``sayso run`` is made of."""
