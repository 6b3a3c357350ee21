"""``sayso hume setup [--dry-run]``: make Hume know Sayso's tools."""

from __future__ import annotations

import argparse
import asyncio
import sys

from hume import AsyncHumeClient
from hume.core.api_error import ApiError

from agent.errors import ConfigurationError
from agent.settings import Settings, read_settings
from agent.streams import take_any_text
from dashboard.voice.hume.setup import Choices, Setup


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sayso hume", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    setup = verbs.add_parser("setup", help="create or update the tools and the configuration")
    setup.add_argument("--dry-run", action="store_true", help="only show what would change")
    setup.add_argument("--voice", help="a voice of Hume's library (HUME_VOICE)")
    setup.add_argument("--provider", help="the front desk's provider (HUME_MODEL_PROVIDER)")
    setup.add_argument("--model", help="the front desk's model (HUME_MODEL)")
    setup.add_argument(
        "--evi-version",
        choices=("3", "4-mini"),
        help="4-mini for other languages (HUME_EVI_VERSION)",
    )
    return parser.parse_args(argv)


async def _setup(settings: Settings, arguments: argparse.Namespace) -> int:
    if settings.hume_api_key is None:
        print("Set HUME_API_KEY (and HUME_SECRET_KEY for the page) first.", file=sys.stderr)
        return 2
    client = AsyncHumeClient(
        api_key=settings.hume_api_key.get_secret_value(), base_url=settings.hume_base_url
    )
    choices = Choices(
        voice=arguments.voice or settings.hume_voice,
        provider=arguments.provider or settings.hume_model_provider,
        model=arguments.model or settings.hume_model,
        evi_version=arguments.evi_version or settings.hume_evi_version,
    )
    try:
        config_id = await Setup(client, choices, dry_run=arguments.dry_run, tell=print).run()
    except ApiError as error:
        print(f"Hume answered {error.status_code}: check HUME_API_KEY.", file=sys.stderr)
        return 1
    if config_id:
        print(f"HUME_CONFIG_ID={config_id}   (put this line into .env)")
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run a verb; the exit code is 0, 1 (Hume refused) or 2 (a key is missing, a setting wrong)."""
    take_any_text()
    arguments = _arguments(argv)
    try:
        settings = read_settings()
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    return asyncio.run(_setup(settings, arguments))


if __name__ == "__main__":
    sys.exit(main())
