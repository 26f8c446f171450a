"""Carry out `plangate eval publish`: bring a run's verdict to a platform."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson
from rich.console import Console

from harness.bootstrap import ConfigurationError
from harness.checks import Verdict
from harness.cli.reading import complain
from harness.evidence import GATE_VERSION
from harness.results import GATE
from harness.settings import HarnessSettings
from harness.target.address import TargetError, target_url
from harness.target.link import Link
from harness.target.publishing import Published, published
from runtime.public import JsonObject, ModelError, Patience

TOKEN: Final = "PLANGATE_TOKEN"  # noqa: S105  # the variable's name
RETRIES: Final = 3
ANSWER_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublished:
    """Say why a platform has no verdict, and how the command ends."""

    problem: str
    code: int


def publish_command(folder: Path, *, url: str) -> int:
    """Publish and return the exit code: 0, 4 where the platform has no verdict, 5 for a mistake.

    Args:
        folder: of a run that was gated.
        url: the platform's address, what stands before /v1.
    """
    found = publish(folder, url=url, environ=HarnessSettings.read().environ)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    if isinstance(found, Unpublished):
        complain(ConfigurationError(found.problem))
        return found.code
    for item in found:
        console.print(told(item))
    return 0


def publish(
    folder: Path, *, url: str, environ: Mapping[str, str]
) -> tuple[Published, ...] | Unpublished:
    """Bring the verdict of a run to a platform, or say why that did not work.

    Args:
        folder: of a run that was gated.
        url: the platform's address.
        environ: has the token.
    """
    try:
        document, link = read_gate(folder), platform_link(url, environ)
    except ConfigurationError as error:
        return Unpublished(problem=str(error), code=5)
    try:
        return asyncio.run(_published(link, document))
    except ModelError as error:
        return Unpublished(
            problem=f"the verdict was not published: {error}", code=Verdict.INFRASTRUCTURE.exit_code
        )


def told(item: Published) -> str:
    """Say in one line what a platform has now."""
    verdict = "passed" if item.passed else "did not pass"
    return f"Published {item.gate}: {item.model} {verdict} in {item.environment}"


def read_gate(folder: Path) -> JsonObject:
    """Return what the gate of a run says.

    Raises:
        ConfigurationError: the run was not gated, the file is damaged, or an older one.
    """
    path = folder / GATE
    try:
        loaded = orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be read ({error.strerror}); "
            "judge the run with `plangate eval run --gate`"
        ) from None
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path} is damaged: {error}; restore it") from None
    found = loaded.get("gate_version") if isinstance(loaded, dict) else None
    if found != GATE_VERSION:
        raise ConfigurationError(
            f"{path} does not say what was judged (its gate_version is {found}, expected "
            f"{GATE_VERSION}); judge the run again with this version of plangate"
        )
    document: JsonObject = loaded
    return document


def platform_link(url: str, environ: Mapping[str, str]) -> Link:
    """Return a link to a platform; nothing is asked of it yet.

    Raises:
        ConfigurationError: the address or the token can't be used.
    """
    token = environ.get(TOKEN)
    if not token:
        raise ConfigurationError(
            f"{TOKEN} is not set; it takes a token of the scope evaluations:manage"
        )
    try:
        address = target_url(url)
    except TargetError:
        raise ConfigurationError(
            "the address to publish to is none of a platform, as https://platform.example is, "
            "without user, query or fragment"
        ) from None
    return Link(address, name=str(address), token=token, timeout_s=ANSWER_S)


async def _published(link: Link, document: JsonObject) -> tuple[Published, ...]:
    try:
        return await published(link, document, patience=Patience(retries=RETRIES))
    finally:
        await link.close()
