"""The three descriptions of what Sayso depends on say the same."""

import ast
import re
import socket
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-test.lock"]


def _pinned() -> dict[str, str]:
    lines = [line for lock in LOCKS for line in lock.read_text().splitlines()]
    matches = (re.match(r"([A-Za-z0-9._-]+)==(\S+)", line) for line in lines)
    return {m[1].lower().replace("_", "-"): m[2] for m in matches if m}


def _name(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def test_environment_yml_has_the_ranges_of_pyproject():
    """conda users get exactly the dependencies that pip users get, with what notebooks need."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    assert [e for e in pip if not e.startswith("-")] == PROJECT["dependencies"]
    assert [e for e in pip if e.startswith("-")] == ["--editable=.[lab]"]
    lab = {_name(requirement) for requirement in PROJECT["optional-dependencies"]["lab"]}
    direct = {_name(requirement) for requirement in PROJECT["dependencies"]}
    assert {"panel", "bokeh", "anthropic", "hume", "ipywidgets", "jupyterlab"} <= lab | direct


COMES_WITH = {
    "IPython": "ipywidgets",
    "markupsafe": "jinja2",
    "mcp_types": "mcp",
    "nbclient": "jupyterlab",
    "nbformat": "jupyterlab",
    "pydantic_core": "pydantic",
    "starlette": "mcp",
    "traitlets": "ipywidgets",
    "typing_extensions": "pydantic",
    "uvicorn": "mcp",
}
"""Modules that are a part of what is declared, by its name."""


def test_whatever_is_imported_is_declared_or_a_part_of_what_is():
    """Nothing is there only because another package happens to need it."""
    extras = PROJECT["optional-dependencies"]
    ours = [
        r for extra in ("lab", "mcp", "inspect", "otel", "ocr", "clouds") for r in extras[extra]
    ]
    declared = {_name(requirement) for requirement in [*PROJECT["dependencies"], *ours]}
    known = {"agent", "dashboard", "sayso"} | sys.stdlib_module_names
    holding = metadata.packages_distributions()
    for module in sorted(_imported() - known):
        found = {_name(each) for each in holding.get(module, [module])}
        assert COMES_WITH.get(module) in declared or found & declared, module


def _imported() -> set[str]:
    """Top-level modules that the packages import, wherever they do."""
    found = set()
    for folder in ("agent", "dashboard", "sayso"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found


def test_every_dependency_has_a_range_and_a_locked_version():
    """Nothing floats: each direct dependency has an upper bound and stands in the lock."""
    extras = PROJECT["optional-dependencies"]
    direct = [*PROJECT["dependencies"], *extras["test"], *extras["lab"], *extras["mcp"]]
    assert [r for r in direct if "<" not in r and "==" not in r] == []
    assert [r for r in direct if _name(r) not in _pinned()] == []


def test_the_locks_carry_hashes_and_name_no_registry():
    """Each locked version is bound to its files' hashes; no host is written down."""
    for lock in LOCKS:
        text = lock.read_text()
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "://" not in text


def test_scripts_are_executable_and_valid_shell():
    """What the README names can be run."""
    scripts = [ROOT / "script" / n for n in ("bootstrap", "server", "test", "bench")]
    for script in [*scripts, ROOT / ".ci" / "run"]:
        assert script.stat().st_mode & 0o111
        subprocess.run(["bash", "-n", str(script)], check=True)


def test_ci_runs_nothing_but_the_one_command():
    """CI and a person run the same check."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "exec script/test"


def test_a_taken_port_is_told_with_what_to_do():
    """The server does not begin, and says how to go on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [str(ROOT / "script" / "server"), "--port", port]
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert answer.returncode == 1
    assert f"Port {port} is taken" in answer.stderr
    assert "--port" in answer.stderr
