"""The container's files fit each other, and what they start serves in namespaces like its own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from served import ADDRESS, started

from sayso import doctor
from sayso.serve import PORT

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Containerfile").read_text("utf-8")
KNOWN = frozenset(
    "FROM SHELL RUN WORKDIR COPY USER ENV VOLUME EXPOSE HEALTHCHECK ENTRYPOINT CMD".split()  # noqa: SIM905
)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction of a Containerfile with its words, continued lines joined."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    for line in filter(str.strip, joined.splitlines()):
        name, _, words = line.strip().partition(" ")
        yield name, words.strip()


def faults(text: str) -> list[str]:
    """What a linter of such files would say."""
    found, last, stages = [], list(instructions(text)), set[str]()
    for name, words in last:
        if name not in KNOWN:
            found.append(f"{name}: not an instruction that is used here")
        if name == "FROM":
            image, *rest = words.split()
            if not re.fullmatch(r"[\w./-]+:[\w.-]+", image) or image.endswith(":latest"):
                found.append(f"FROM {image}: no fixed tag")
            stages |= {rest[-1]} if rest else set()
        if name == "RUN" and "apt-get install" in words:
            wanted = ("apt-get update", "--no-install-recommends", "-y", "rm -rf /var/lib/apt")
            found += [f"RUN apt-get install: no {part}" for part in wanted if part not in words]
        if name == "RUN" and "pip install" in words and "--no-cache-dir" not in words:
            found.append("RUN pip install: keeps its cache")
        if name == "RUN" and re.search(r"\bsudo\b|curl|wget|chmod 777", words):
            found.append(f"RUN {words}: fetches, or gives rights away")
        if name in ("CMD", "ENTRYPOINT") and not words.startswith("["):
            found.append(f"{name}: a shell would be process 1")
        if name == "COPY":
            *sources, _ = [word for word in words.split() if not word.startswith("--")]
            stage = re.search(r"--from=(\S+)", words)
            if stage and stage[1] not in stages:
                found.append(f"COPY: no stage {stage[1]}")
            found += [f"COPY {s}: not there" for s in sources if not stage and not _is_there(s)]
        if re.search(r"(?i)(key|token|secret|password)=\S", words):
            found.append(f"{name}: holds a secret")
    users = [words for name, words in last if name == "USER"]
    if not users or users[-1] in ("root", "0"):
        found.append("USER: runs as root")
    return found


def _is_there(name: str) -> bool:
    """In the checkout, and not kept out by .dockerignore."""
    kept = [line.lstrip("!") for line in (ROOT / ".dockerignore").read_text().splitlines()]
    return (ROOT / name).exists() and any(name == k or name.startswith(f"{k}/") for k in kept)


def of(name: str) -> list[str]:
    return [words for each, words in instructions(TEXT) if each == name]


def environment() -> dict[str, str]:
    return dict(pair.split("=", 1) for words in of("ENV") for pair in words.split())


def test_the_containerfile_is_sound() -> None:
    assert faults(TEXT) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("FROM debian:12-slim AS", "FROM debian AS", "no fixed tag"),
        ("FROM debian:12-slim AS", "FROM debian:latest AS", "no fixed tag"),
        ("USER 1000", "USER root", "runs as root"),
        ("--no-install-recommends python3 python3-venv", "python3", "no --no-install-recommends"),
        ('ENTRYPOINT ["sayso"]', "ENTRYPOINT sayso", "a shell would be process 1"),
        ("COPY sayso sayso", "COPY saiso sayso", "COPY saiso: not there"),
        ("COPY sayso sayso", "COPY tests tests", "COPY tests: not there"),
        ("--from=build", "--from=built", "no stage built"),
        ("PYTHONUNBUFFERED=1", "ANTHROPIC_API_KEY=sk-1", "holds a secret"),
    ],
)
def test_a_fault_in_it_is_found(old: str, new: str, said: str) -> None:
    assert old in TEXT
    assert any(said in fault for fault in faults(TEXT.replace(old, new)))


def test_it_installs_the_systems_packages_from_the_one_list() -> None:
    """Its awk gives the names that the doctor looks for."""
    [words] = [words for words in of("RUN") if "awk" in words]
    program = re.search(r"awk '([^']+)'", words)
    assert program
    said = subprocess.run(
        ["awk", program[1], str(doctor.PACKAGES)], check=True, capture_output=True, text=True
    )
    assert said.stdout.split() == [package.name for package in doctor.listed("run")]


def test_compose_and_the_cluster_fit_the_image() -> None:
    [volume], [port] = of("VOLUME"), of("EXPOSE")
    assert (environment()["SAYSO_DATA_DIR"], int(port)) == (volume, PORT)
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["sayso"]
    assert service["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert service["volumes"] == [f"data:{volume}"]
    assert "data" in compose["volumes"]
    parts = yaml.safe_load_all((ROOT / "docs/deploy/kubernetes.yaml").read_text("utf-8"))
    kinds: dict[str, Any] = {part["kind"]: part for part in parts}
    assert set(kinds) == {"PersistentVolumeClaim", "Deployment"}  # and no Service
    pod = kinds["Deployment"]["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsUser"] == int(of("USER")[-1])
    assert container["ports"] == [{"containerPort": int(port)}]
    assert {"name": "data", "mountPath": volume} in container["volumeMounts"]
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == "sayso"


@pytest.fixture
def inside(tmp_path: Path) -> list[str]:
    """Words that run a program as the container does: its user, a bare root, its volume."""
    python = Path(sys.prefix).resolve()
    places = [ROOT, python, Path(sys.base_prefix).resolve()]
    words = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--die-with-parent"]
    words += ["--uid", "1000", "--gid", "1000", "--disable-userns", "--clearenv"]
    words += ["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    for name in ("/usr", "/etc", "/var/lib/dpkg", *map(str, places)):
        words += ["--ro-bind-try", name, name]
    for name in ("bin", "sbin", "lib", "lib64"):
        words += ["--symlink", f"usr/{name}", f"/{name}"]
    (tmp_path / "data").mkdir()
    words += ["--bind", str(tmp_path / "data"), of("VOLUME")[0]]
    words += ["--dir", "/home/sayso", "--chdir", "/home/sayso", "--remount-ro", "/"]
    given = {**environment(), "PATH": f"{python}/bin:/usr/bin", "PYTHONPATH": str(ROOT)}
    for name, value in {**given, "HOME": "/home/sayso"}.items():
        words += ["--setenv", name, value]
    if shutil.which("bwrap") is None or not _runs([*words, "true"]):
        pytest.skip("no user namespaces here")
    return [*words, str(python / "bin" / "python"), "-m", "sayso"]


def _runs(words: list[str]) -> bool:
    return subprocess.run(words, check=False, capture_output=True, timeout=60).returncode == 0


def test_where_it_alone_confines_the_doctor_says_so_and_lets_it_be(inside: list[str]) -> None:
    answer = subprocess.run(
        [*inside, "doctor"], check=False, capture_output=True, text=True, timeout=100
    )
    assert re.search(r"^- +sandbox: bubblewrap does not work", answer.stdout, re.MULTILINE), answer
    assert re.search(r"^ok +data folder: /data$", answer.stdout, re.MULTILINE)


def test_what_it_starts_serves_the_page_by_its_link(inside: list[str], tmp_path: Path) -> None:
    command = re.findall(r'"([^"]+)"', of("CMD")[-1])
    with started([*inside, *command, "--port", "0"], ADDRESS, cwd=tmp_path, env={}) as served:
        assert served.link.startswith("http://localhost:")
        headers = served.visitor()
        page = httpx.get(
            f"{served.url}?view=sessions", headers=headers, trust_env=False, timeout=60
        )
        assert page.status_code == 200
        bare = httpx.get(f"{served.url}?view=sessions", trust_env=False, timeout=60)
        assert bare.status_code in (401, 403)
        named = {**headers, "Host": "sayso.example"}
        assert httpx.get(served.url, headers=named, trust_env=False).status_code == 403
    assert any((tmp_path / "data").iterdir())
