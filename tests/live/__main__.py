"""``script/live-check``: ask the live services what only they can tell."""

from __future__ import annotations

import argparse
import asyncio
import sys

from anthropic_checks import AnthropicChecks
from cloud_checks import cloud_checks
from hume_checks import HumeChecks
from hume_line import Hume
from live_report import Check, run_checks
from machine_checks import SCOPE, MachineChecks
from provider_checks import provider_checks
from pydantic import SecretStr
from server_checks import ServerChecks

from agent.providers import PROVIDERS
from agent.settings import Settings

NEEDS = """No key is set, so nothing was asked and nothing was spent.
Set ANTHROPIC_API_KEY for the checks of Claude (about 0.50 dollars) and HUME_API_KEY with
HUME_SECRET_KEY for those of EVI (about 0.60 dollars), in the environment or .env, then run
script/live-check again. With SAYSO_MODEL and ANTHROPIC_BASE_URL, a server of your own is checked as
well (--only server-…).
With SAYSO_MODEL as in aws:ID, and that cloud's own credentials, its Claude is (--only cloud-…).
Providers that packages brought are asked whether they take their keys (--only provider-…).
With --only machine-scope, this machine's systemd is checked, which needs no key.
--list shows what would be asked; --only NAME asks one thing; --budget sets the limit."""

_AROUND_EVI = ("evi-config", "evi-tidy")


def main() -> int:
    """0: none failed; 1: one failed; 2: no key, no such check, or all were skipped."""
    options = _parser().parse_args()
    checks = _checks(everything=options.list)
    if options.list:
        print("\n".join(check.name for check in checks))
        return 0
    if SCOPE in options.only:
        checks += MachineChecks().all()
    if not checks:
        print(NEEDS, file=sys.stderr)
        return 2
    unknown = set(options.only) - {check.name for check in checks}
    if unknown:
        print(f"No check {', '.join(unknown)}, or its key is missing; --list.", file=sys.stderr)
        return 2
    if options.only:
        talks = any(name.startswith("evi-") for name in options.only)
        wanted = {*options.only, *(_AROUND_EVI if talks else ())}
        checks = [check for check in checks if check.name in wanted]
    return asyncio.run(run_checks(checks, budget=options.budget, out=sys.stdout))


def _checks(*, everything: bool) -> list[Check]:
    checks: list[Check] = [*MachineChecks().all()] if everything else []
    settings = Settings()
    claude, hume = _plain(settings.anthropic_api_key), _plain(settings.hume_api_key)
    server = settings.anthropic_base_url
    if claude or everything:
        checks += AnthropicChecks(claude or "", server).all()
    checks += provider_checks(PROVIDERS.brought().values(), settings, everything=everything)
    checks += cloud_checks(settings, everything=everything)
    if ("model" in settings.model_fields_set and server) or everything:
        checks += ServerChecks(server or "", settings.model, claude or "none").all()
    if hume or everything:
        secret = _plain(settings.hume_secret_key)
        checks += HumeChecks(Hume(hume or "", secret, settings.hume_base_url)).all()
    return checks


def _plain(key: SecretStr | None) -> str | None:
    return key.get_secret_value() if key is not None else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/live-check", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the checks and stop")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="run this")
    parser.add_argument("--budget", type=float, default=0.95, help="dollars, at most")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
