"""Two sessions: the same as far as it matters, and where they part."""

from __future__ import annotations

from pathlib import Path

from recorded import record

from agent.record import events as ev
from agent.replay import compare, load_recording


async def played(
    data: Path, *sentences: str, click: tuple[int, int] = (300, 200)
) -> list[ev.Event]:
    session_id = await record(data, *sentences, click=click)
    return list(load_recording(data / "sessions" / session_id).events)


def clicks(*targets: str, x: int = 100) -> list[ev.Event]:
    """A session of clicks on named things, or on a bare place."""
    made: list[ev.Event] = [ev.TaskStarted(task_id="t", text="Do it")]
    for n, name in enumerate(targets):
        target = {"name": name, "role": "button"} if name else {}
        made.append(
            ev.ActionProposed(
                action_id=f"a{n}",
                turn_id="t",
                tool="computer",
                name="left_click",
                input={"coordinate": [x + n, 50]},
                action_hash="",
                target=target,
            )
        )
        made.append(ev.ActionStarted(action_id=f"a{n}"))
    return [event.model_copy(update={"seq": n}) for n, event in enumerate(made)]


async def test_the_same_twice_does_not_part(tmp_path: Path) -> None:
    """Case, spaces and a few pixels make no difference."""
    a = await played(tmp_path, "write hello")
    b = await played(tmp_path, "Write  hello!", click=(305, 196))
    found = compare(a, b)
    assert [row.same for row in found.rows[:2]] == [True, True]
    b = await played(tmp_path, "write hello", click=(305, 196))
    assert compare(a, b).first is None
    assert compare(a, b).note == "Both did the same 3 things."


async def test_another_instruction_and_another_place(tmp_path: Path) -> None:
    a = await played(tmp_path, "write hello")
    told = compare(a, await played(tmp_path, "write goodbye"))
    assert told.first == 0
    assert "told different things" in told.note
    clicked = compare(a, await played(tmp_path, "write hello", click=(30, 20)))
    assert clicked.first == 1
    assert "Click (300, 200)" in clicked.note
    assert "Click (30, 20)" in clicked.note


def test_things_with_names_are_compared_by_name() -> None:
    """The same button elsewhere is the same; another button at the same place is not."""
    assert compare(clicks("Save"), clicks("Save", x=700)).first is None
    assert compare(clicks("Save"), clicks("Cancel")).first == 1
    assert compare(clicks(""), clicks("", x=700)).first == 1


def test_after_a_detour_the_sessions_meet_again() -> None:
    found = compare(clicks("File", "Save"), clicks("File", "Edit", "Save"))
    assert found.first == 2
    assert [row.same for row in found.rows] == [True, True, False, True]
    assert found.rows[2].a is None
    assert "only B went on" in found.note


def test_one_that_ends_early_parts_at_its_end() -> None:
    found = compare(clicks("File"), clicks("File", "Save"))
    assert found.first == 2
    assert found.rows[2].a is None


def test_proposals_that_never_ran_do_not_count() -> None:
    a = clicks("File", "Save")
    b = [e for e in a if not (isinstance(e, ev.ActionStarted) and e.action_id == "a1")]
    assert compare(a, b).first == 2
