"""The errand of the task *receipt-to-sheet*: what a person says without a key, and Claude's part.

Paper is ordered by a form, its receipt downloaded, and its price put into a spreadsheet.
"""

from __future__ import annotations

import json
import re

from agent.testing.messages_script import Incoming, Reply, browse, call, says

ORDERING = ("fill in the name with Ada Lovelace", "set paper to A3 white", "click place order")
DOWNLOADING = "click download receipt"
FILLING_IN = ("open spending.ods", "click B3", "type 9.10, press enter and save")
READING = "read the file receipt"
"""Sentences for the planner, in the order in which they are said."""


def claude(request: Incoming) -> Reply:
    """Claude's part: the form by the browser's tools, the sheet by name, the figure as read."""
    told = json.dumps(request.body["messages"], ensure_ascii=False)

    def ref(words: str) -> str:
        return str(re.findall(rf"{words}[^\\\n\[]*\[(ref_\d+)\]", told)[-1])

    match request.number:
        case 0:
            return says("I look.", browse("navigate", url="http://localhost:8080/order"))
        case 1:
            return says(
                "I order the paper.",
                browse("form_input", ref=ref("textbox “Name”"), value="Ada Lovelace"),
                browse("form_input", ref=ref("combobox “Paper”"), value="A3 white"),
                browse("left_click", ref=ref("button “Place order”")),
            )
        case 2:
            return says(browse("read_page"))
        case 3:
            return says(browse("left_click", ref=ref("link “Download receipt”")))
        case 4:
            return says("Now the spreadsheet.", call("key", text="alt+Tab"), call("outline"))
    price = re.findall(r"Price of a pack: (\d+\.\d\d)", told)[-1]
    if request.number == 5:
        folded = re.findall(r"cell “A1”.*? more in (e\d+)", told)[-1]
        return says(call("outline", of=folded))
    if request.number == 6:
        cell = re.findall(r"“B3” (e\d+)", told)[-1]
        return says(
            call("click_on", ref=cell),
            call("type", text=price),
            call("key", text="Return"),
            call("key", text="ctrl+s"),
        )
    return says(f"The pack costs {price} euros, and the spreadsheet says so.")
