"""The sum, however it is written: 50, 50.0, or in a sentence."""

import csv
import io
import re


def check(state):
    text = state.text("total.txt")
    if text is None:
        return 0.0, "there is no total.txt"
    rows = csv.DictReader(io.StringIO(state.fixtures["sales.csv"].decode()))
    wanted = sum(float(row["amount"]) for row in rows)
    found = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
    if found == [wanted]:
        return 1.0, f"the total is {wanted:g}"
    return 0.0, f"total.txt says {text.strip()[:60]!r}, not {wanted:g}"
