"""Tasks of OSWorld: taken over where they are plain, and judged by functions that are not ours."""

from __future__ import annotations

import json
import os
import textwrap
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_task_steps import WithCommands

from agent.experiments.__main__ import main
from agent.experiments.osworld.evaluating import PYTHON
from agent.experiments.osworld.importing import fetcher, import_task
from agent.experiments.osworld.keystrokes import NotPlain, steps_of
from agent.experiments.osworld.reading import read
from agent.experiments.plan.spec import Arm, with_prompt
from agent.experiments.plan.task import Task, load_task
from agent.experiments.plan.trial import Job, TrialResult
from agent.experiments.run.play import play
from agent.experiments.run.preflight import task_faults
from agent.experiments.run.scoring import CheckerBroken, score
from agent.experiments.run.state import State
from agent.experiments.run.trial_environment import TrialEnvironment

METRICS = """
    def compare_text_file(actual, expected, **options):
        with open(actual) as a, open(expected) as b:
            one, two = a.read().strip(), b.read().strip()
        return float(one.lower() == two.lower() if options.get("ignore_case") else one == two)

    def check_include_exclude(result, rules):
        if result is None:
            return 0.0
        return float(all(r in result for r in rules["include"]))

    def both_there(files):
        return float(all(files))

    def half(result):
        return 0.5

    def raises(result):
        raise RuntimeError("no such engine")
"""


@pytest.fixture(scope="module")
def own_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment with a package of OSWorld's shape, whose __init__ cannot be imported."""
    root = tmp_path_factory.mktemp("osworld") / "venv"
    venv.create(root, with_pip=False)
    (packages,) = root.glob("lib/python*/site-packages")
    metrics = packages / "desktop_env" / "evaluators" / "metrics"
    metrics.mkdir(parents=True)
    for folder in (metrics, metrics.parent, metrics.parent.parent):
        (folder / "__init__.py").write_text("raise ImportError('an engine is missing')\n")
    (metrics / "general.py").write_text(
        textwrap.dedent(METRICS) + "\nfrom desktop_env.evaluators.metrics import utils\n"
    )
    (metrics / "utils.py").write_text("")
    return str(root / "bin" / "python")


@pytest.fixture
def judged(own_python: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON, own_python)


def example(**fields: Any) -> dict[str, Any]:
    """A task as OSWorld has it: a note is opened, changed, and saved before it is compared."""
    save = "import pyautogui; import time; pyautogui.hotkey('ctrl', 's'); time.sleep(0.5);"
    given = {
        "id": "0AB-1",
        "snapshot": "os",
        "instruction": "Write hello into hello.txt.",
        "config": [
            {
                "type": "download",
                "parameters": {
                    "files": [
                        {
                            "url": "https://host.example/cache/note/start.txt?download=1",
                            "path": "/home/user/Desktop/note.txt",
                        }
                    ]
                },
            },
            {"type": "sleep", "parameters": {"seconds": 0.1}},
            {
                "type": "execute",
                "parameters": {"command": ["bash", "-c", "cp ~/Desktop/note.txt ~/copy.txt"]},
            },
        ],
        "related_apps": ["os"],
        "evaluator": {
            "postconfig": [{"type": "execute", "parameters": {"command": ["python", "-c", save]}}],
            "func": "compare_text_file",
            "result": {
                "type": "vm_file",
                "path": "/home/user/hello.txt",
                "dest": "hello.txt",
            },
            "expected": {
                "type": "cloud_file",
                "path": "https://host.example/cache/gold.txt",
                "dest": "gold.txt",
            },
            "options": {"ignore_case": True},
        },
        "proxy": False,
    }
    return given | fields


def evaluator(**fields: Any) -> dict[str, Any]:
    return example()["evaluator"] | fields


@pytest.fixture
def taken(tmp_path: Path) -> Callable[..., Task]:
    """Imports an example whose files lie in a folder."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "start.txt").write_text("start")
    (tmp_path / "kept" / "gold.txt").write_text("HELLO")

    def take(**fields: Any) -> Task:
        (tmp_path / "one.json").write_text(json.dumps(example(**fields)))
        get = fetcher(tmp_path / "kept", download=False)
        found = import_task(tmp_path / "one.json", tmp_path, get)
        assert found.folder is not None, found.why
        return load_task(found.folder)

    return take


def test_a_plain_task_becomes_a_task_of_the_lab(taken: Callable[..., Task]) -> None:
    task = taken()
    assert (task.id, task.tags) == ("osworld-0ab-1", ("osworld", "os"))
    assert task.files == {"Desktop/note.txt": b"start"}
    assert task.expected == {"gold.txt": b"HELLO"}
    assert task.setup[0] == {"pause": 0.1}
    assert task.closing == ({"key": "ctrl+s"}, {"pause": 0.5})


def test_what_only_checks_see_is_no_part_of_the_trial(taken: Callable[..., Task]) -> None:
    task = taken()
    other = task.model_copy(update={"expected": {"gold.txt": b"bye"}})
    assert other.start_hash == task.start_hash
    assert other.checks_hash != task.checks_hash
    assert other.hash != task.hash
    assert Task.model_validate_json(task.model_dump_json()) == task


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(("model", "status"), [("good", "passed"), ("bad", "failed")])
def test_its_end_is_judged_by_osworlds_function(
    taken: Callable[..., Task], model: str, status: str
) -> None:
    """From JSON to verdict: set-up, work, closing, and a function of another environment."""
    task = taken()
    assert task_faults(task) == []
    arm = Arm(model=model, prompt_text="p")
    job = Job(experiment="x", arm_name="a", arm=arm, task=task, repeat=0)
    result = TrialResult.model_validate_json(play(job, WithCommands())[0])
    assert (result.status, result.error) == (status, "")
    assert "OSWorld's compare_text_file" in result.reason
    if model == "bad":
        assert "there was no result for compare_text_file" in result.reason


@pytest.mark.usefixtures("judged")
def test_a_command_s_output_is_judged(taken: Callable[..., Task]) -> None:
    """What a command prints after the work, on the desktop."""
    command = {"type": "vm_command_line", "command": ["bash", "-c", "cat ~/hello.txt"]}
    rules = {"type": "rule", "rules": {"include": ["hello"]}}
    task = taken(evaluator=evaluator(
        func="check_include_exclude", result=command, expected=rules, options={}
    ))  # fmt: skip
    for model, status in (("good", "passed"), ("bad", "failed")):
        arm = Arm(model=model, prompt_text="p")
        job = Job(experiment="x", arm_name="a", arm=arm, task=task, repeat=0)
        result = TrialResult.model_validate_json(play(job, WithCommands())[0])
        assert (result.status, result.error) == (status, "")


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(
    ("functions", "conj", "value"),
    [
        (["half", "half"], "and", 0.5),
        (["half", "both_there"], "and", 0.0),
        (["half", "both_there"], "or", 0.5),
        (["both_there", "both_there"], "or", 0.0),
    ],
)
async def test_several_functions_are_joined_as_there(
    taken: Callable[..., Task], tmp_path: Path, functions: list[str], conj: str, value: float
) -> None:
    files = {
        "type": "vm_file", "multi": True, "gives": [0, 1],
        "path": ["/home/user/a", "/home/user/b"], "dest": ["a", "b"],
    }  # fmt: skip
    task = taken(evaluator={"func": functions, "conj": conj, "result": [files, files]})
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "a").write_text("a")
    found = await score(task, State(home=tmp_path / "home"))
    assert found.value == value


def test_without_its_environment_the_task_is_refused_before_anything_runs(
    taken: Callable[..., Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PYTHON, raising=False)
    (fault,) = task_faults(taken())
    assert "pip install desktop-env" in fault
    assert "OSWORLD_PYTHON" in fault
    monkeypatch.setenv(PYTHON, str(tmp_path / "none"))
    (fault,) = task_faults(taken())
    assert "there is no " in fault


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(
    ("name", "told"),
    [("raises", "RuntimeError: no such engine"), ("unknown", "has no function unknown")],
)
async def test_a_function_that_fails_is_the_checkers_error(
    taken: Callable[..., Task], tmp_path: Path, name: str, told: str
) -> None:
    task = taken(evaluator=evaluator(func=name, expected=None, options={}))
    (tmp_path / "hello.txt").write_text("hello")
    with pytest.raises(CheckerBroken, match=told):
        await score(task, State(home=tmp_path))


def kind(name: str, **given: Any) -> list[dict[str, Any]]:
    return [{"type": name, "parameters": given}]


PYAUTOGUI = "import pyautogui; "


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"proxy": True}, "it needs the live web"),
        ({"config": kind("chrome_open_tabs", urls_to_open=["x"])}, "needs “chrome_open_tabs”"),
        ({"config": kind("launch", command=["google-chrome"])}, "a browser that is controlled"),
        ({"config": kind("execute", command="sudo rm x")}, "an administrator"),
        ({"config": kind("execute", command=["gsettings", "set", "a"])}, "GNOME's own settings"),
        ({"config": kind("execute", command=["x"], until={"returncode": 0})}, "repeats a command"),
        (
            {"config": kind("execute", command=["python", "-c", PYAUTOGUI + "pyautogui.click(1)"])},
            "pyautogui.click, for which there is no step",
        ),
        ({"config": kind("open", path="/home/user/a.mp4")}, "opens a .mp4 file"),
        ({"config": kind("open", path="/etc/passwd.txt")}, "outside the home folder"),
        ({"config": kind("open", path="/home/user/../x.txt")}, "outside the home folder"),
        ({"config": kind("activate_window", window_name="x", by_class=True)}, "by its class"),
        ({"config": [{"kind": "x"}]}, "its JSON is not as OSWorld's"),
        ({"evaluator": {"func": "infeasible"}}, "it cannot be done"),
        ({"evaluator": {}}, "it has no evaluator"),
        ({"evaluator": evaluator(result={"type": "accessibility_tree"})}, "“accessibility_tree”"),
        ({"evaluator": evaluator(expected={"type": "gotoRecreationPage"})}, "is compared with"),
        (
            {"evaluator": evaluator(result={"type": "vm_file", "path": "/etc/x", "dest": "x"})},
            "outside the home folder",
        ),
        (
            {"evaluator": evaluator(result={
                "type": "vm_file", "path": "/home/user/x", "dest": "../x"
            })},
            "it calls a file “../x”",
        ),
        ({"evaluator": evaluator(func=["a", "b"])}, "not one result for each function"),
        ({"instruction": ""}, "no id or no instruction"),
    ],
)  # fmt: skip
def test_what_is_not_plain_says_why(fields: dict[str, Any], why: str) -> None:
    assert why in "; ".join(read(example(**fields)).why)


def test_all_reasons_are_told_at_once() -> None:
    found = read(example(proxy=True, config=kind("login") + kind("googledrive")))
    assert len(found.why) == 3
    assert read("text").why == ["it is no JSON object"]


@pytest.mark.parametrize(
    ("path", "argv"),
    [
        ("/home/user/Desktop/My Sheet.xlsx", ["libreoffice", "--calc"]),
        ("/home/user/a.docx", ["libreoffice", "--writer"]),
        ("/home/user/a.pptx", ["libreoffice", "--impress"]),
        ("/home/user/a.txt", ["mousepad"]),
    ],
)
def test_a_file_is_opened_by_its_program_and_waited_for(path: str, argv: list[str]) -> None:
    found = read(example(config=kind("open", path=path)))
    assert found.setup[0] == {"run": [*argv, path]}
    assert found.setup[1] == {"activate": Path(path).stem.replace(" ", "\\ ")}
    assert found.programs == {argv[0]}


def test_a_windows_title_may_have_another_dash() -> None:
    """Programs of other versions write it longer."""
    import re

    name = "Net_Income.xlsx - LibreOffice Calc"
    found = read(example(config=kind("activate_window", window_name=name, strict=True)))
    pattern = found.setup[0]["activate"]
    for title in (name, "Net_Income.xlsx — LibreOffice Calc"):
        assert re.search(pattern, title)
    assert not re.search(pattern, "Net_Income xlsx - LibreOffice Calc")


@pytest.mark.parametrize(
    ("code", "steps"),
    [
        ("pyautogui.press('enter')", [{"key": "Return"}]),
        ("pyautogui.press('down', presses=2)", [{"key": "Down"}, {"key": "Down"}]),
        ("pyautogui.press(['a', 'f5'])", [{"key": "a"}, {"key": "F5"}]),
        ("pyautogui.typewrite('hi there', interval=0.1)", [{"type": "hi there"}]),
        ("pyautogui.hotkey('ctrl', 'shift', 's')", [{"key": "ctrl+shift+s"}]),
        ("time.sleep(1); pyautogui.sleep(2)", [{"pause": 1.0}, {"pause": 2.0}]),
    ],
)
def test_keys_of_pyautogui_become_steps(code: str, steps: list[dict[str, object]]) -> None:
    assert steps_of(f"import pyautogui, time\n{code}") == steps


@pytest.mark.parametrize(
    "code",
    ["(", "import os", "x = 1", "pyautogui.press(chr(4))", "pyautogui.press('volumeup')",
     "eval('1')", "time.time()", "pyautogui.press()" + "[0]"],
)  # fmt: skip
def test_other_code_is_not_run_in_its_place(code: str) -> None:
    with pytest.raises(NotPlain):
        steps_of(code)


def test_files_come_from_their_folder_or_beside_the_task_and_from_nowhere_else(
    tmp_path: Path,
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "here" / "a.txt").write_text("a")
    get = fetcher(None, download=False)(tmp_path / "here" / "one.json")
    assert get("a.txt") == b"a"
    with pytest.raises(NotPlain, match=r"put it into a folder that --files names$"):
        get("../secret")
    with pytest.raises(NotPlain, match=r"or give --download$"):
        get("https://host.example/a.txt")


def test_the_command_says_of_each_task_what_became_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examples, kept = tmp_path / "examples", tmp_path / "kept"
    (examples / "os").mkdir(parents=True)
    kept.mkdir()
    (kept / "start.txt").write_text("start")
    (kept / "gold.txt").write_text("hello")
    (examples / "test_all.json").write_text(json.dumps({"os": ["0AB-1"]}))
    (examples / "os" / "a.json").write_text(json.dumps(example()))
    (examples / "os" / "b.json").write_text(json.dumps(example(id="b", proxy=True)))
    (examples / "os" / "c.json").write_text("{")
    given = ["--results", str(tmp_path / "r"), "import-osworld", str(examples)]
    assert main([*given, "--dry"]) == 1
    told = capsys.readouterr().out
    assert f"{examples / 'os' / 'b.json'}: it needs the live web" in told
    assert "1 of 3 tasks can be imported." in told
    assert "    1 it needs the live web" in told
    assert main(given) == 1
    assert "osworld-0ab-1: not imported: its file start.txt is not here" in capsys.readouterr().out
    assert main([*given, "--files", str(kept)]) == 1
    told = capsys.readouterr().out
    assert f"osworld-0ab-1: {tmp_path / 'tasks' / 'osworld-0ab-1'}" in told
    assert "osworld-b: not imported: it needs the live web" in told
    assert "1 of 3 tasks imported" in told
    assert os.listdir(tmp_path / "tasks") == ["osworld-0ab-1"]
    assert main([*given[:2], "list", "tasks", "osworld"]) == 0
    assert "osworld-0ab-1" in capsys.readouterr().out
    assert main([*given[:2], "import-osworld", str(tmp_path / "none")]) == 2


@pytest.mark.desktop
@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(("typed", "status"), [("hello", "passed"), ("hullo", "failed")])
def test_a_note_is_opened_changed_saved_and_judged_on_a_real_desktop(
    taken: Callable[..., Task], tmp_path: Path, typed: str, status: str
) -> None:
    """Who works only types: the task opens the file before, and saves it after."""
    note = "/home/user/hello.txt"
    bring = {"files": [{"url": "https://host.example/start.txt", "path": note}]}
    front = kind("activate_window", window_name="hello.txt - Mousepad", strict=True)
    given = evaluator()
    (tmp_path / "kept" / "start.txt").write_text("")
    task = taken(
        config=kind("download", **bring) + kind("open", path=note),
        evaluator=given | {"postconfig": front + given["postconfig"]},
    )
    task = task.model_copy(update={"oracle": ({"type": typed},)})
    job = Job(
        experiment="", arm_name="o", arm=with_prompt(Arm(model="oracle")), task=task, repeat=0
    )
    result = TrialResult.model_validate_json(play(job, TrialEnvironment())[0])
    assert (result.status, result.error) == (status, ""), result
