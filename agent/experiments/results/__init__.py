"""Afterwards: comparisons, reports, timelines and exports."""
