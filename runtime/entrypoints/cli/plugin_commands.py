"""Do what `plangate plugin` declares; the platform is not asked, this machine is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import orjson
import typer
from pydantic import TypeAdapter

from runtime.bootstrap.plugins import admit_plugins, plugin_entries
from runtime.bootstrap.secret_settings import resolved
from runtime.domain.errors import DomainError
from runtime.entrypoints.cli.client import Document, plain
from runtime.entrypoints.cli.printing import table
from runtime.kit.json_patch import diff
from runtime.kit.json_value import JsonObject
from runtime.plugins.declarations import declared
from runtime.plugins.distributions import Offer, installed_digest, offers
from runtime.plugins.examination import Examination, examined
from runtime.plugins.host import PluginReport
from runtime.plugins.loader import load_plugin, plugin_reports
from runtime.plugins.scenarios import scenario_folders
from runtime.plugins.template import TemplateError, new_plugin
from runtime.plugins.wheels import WheelError, unpack
from runtime.settings import ServiceSettings, SettingsError

_KEPT: Final = TypeAdapter(dict[str, JsonObject])
FINE: Final = 0
FOUND: Final = 1
USAGE: Final = 5
MOST_CHANGES: Final = 50
"""Changes of one plugin that are shown."""
LISTED: Final = {
    "PLUGIN": "name",
    "VERSION": "version",
    "FROM": "distribution",
    "STANDING": "standing",
    "ENVIRONMENTS": "environments",
    "WHY": "reason",
}
_ADMITS: Final = {
    True: "PLANGATE_PLUGINS says which plugins are admitted beside the built-in ones.",
    False: "PLANGATE_PLUGINS is not set: with a database the built-in plugins are admitted, "
    "without one each that is installed.",
}


def list_command(*, pins: bool, changes: Path | None, as_json: bool) -> int:
    """List what is installed; return 1 where something is not served, or has changed."""
    try:
        settings = _settings()
        reports = plugin_reports()
        if pins:
            return _print_pins(reports)
        if changes is not None:
            return _print_changes(reports, changes)
    except (SettingsError, DomainError, OSError, ValueError) as error:
        return _complain(error)
    items: list[Document] = [
        {
            "name": entry.name,
            "version": entry.version,
            "distribution": entry.distribution,
            "standing": entry.standing,
            "reason": entry.reason,
            "warnings": list(entry.warnings),
            "digest": entry.digest,
            "environments": list(entry.environments),
            "actions": list(entry.actions),
            "capabilities": entry.capabilities,
        }
        for entry in plugin_entries()
    ]
    if as_json:
        _print_json({"items": items})
    else:
        typer.echo(table(items, LISTED))
        for item in items:
            for warning in item["warnings"]:
                typer.echo(f"warning: {plain(item['name'])}: {plain(warning)}")
        typer.echo(_ADMITS[settings.plugins.admitted is not None])
    return FINE if all(item["standing"] == "served" for item in items) else FOUND


def check_command(what: str, *, as_json: bool) -> int:
    """Examine a plugin; return 1 where something is wrong with it."""
    try:
        settings = _settings()
        with tempfile.TemporaryDirectory(prefix="plangate-wheel-") as folder:
            found = _examined(what, Path(folder), environ=settings.environ)
    except (SettingsError, DomainError, WheelError) as error:
        return _complain(error)
    if not found:
        return _complain(ValueError(f"{what[:200]} is no installed plugin and no wheel of one"))
    if as_json:
        _print_json({"items": [_spelled(item) for item in found]})
    else:
        for item in found:
            for line in _lines(item):
                typer.echo(plain(line))
    return FOUND if any(item.problems for item in found) else FINE


def scenarios_command(name: str) -> int:
    """Print where the scenarios of a plugin are, a folder a line."""
    try:
        _settings()
        folders = scenario_folders(load_plugin(name))
    except (SettingsError, DomainError) as error:
        return _complain(error)
    for folder in folders:
        typer.echo(str(folder))
    return FINE


def new_command(name: str, folder: Path | None) -> int:
    """Write a new plugin."""
    place = (folder or Path(f"plangate-{name[:40]}")).expanduser()
    try:
        written = new_plugin(name, place)
    except (TemplateError, OSError) as error:
        return _complain(error)
    for path in written:
        typer.echo(str(place / path))
    typer.echo(f"Next: pip install -e {place} && pytest {place} && plangate plugin check {name}")
    return FINE


def _settings() -> ServiceSettings:
    settings = ServiceSettings.read(resolve=resolved)
    admit_plugins(settings)
    return settings


def _examined(what: str, folder: Path, *, environ: Mapping[str, str]) -> list[Examination]:
    """Return what was found of an installed plugin, or of each that a wheel offers."""
    wheel, path = Path(what).expanduser(), tuple[str, ...]()
    if wheel.suffix == ".whl":
        unpack(wheel, folder)
        path = (str(folder),)
        wanted = offers(path)
    else:
        wanted = tuple(offer for offer in offers() if offer.name == what)
    beside = plugin_reports()
    return [examined(offer, beside=beside, environ=environ, path=path) for offer in wanted]


def _print_pins(reports: tuple[PluginReport, ...]) -> int:
    """Print an entry for each plugin that is not built in, and say which can't be pinned."""
    code = FINE
    for offer in _foreign(reports):
        digest = installed_digest(offer)
        if digest is None:
            typer.echo(f"{offer.distribution} can't be pinned: install it as a wheel", err=True)
            code = FOUND
        else:
            typer.echo(f"{offer.distribution}=={offer.version}#{digest}")
    return code


def _foreign(reports: tuple[PluginReport, ...]) -> Iterator[Offer]:
    """Yield one offer of each distribution that is not the platform."""
    seen: set[str] = set()
    for report in reports:
        if not report.offer.built_in and report.offer.distribution not in seen:
            seen.add(report.offer.distribution)
            yield report.offer


def _print_changes(reports: tuple[PluginReport, ...], kept: Path) -> int:
    """Print what plugins declare otherwise than a file says, and write what they declare there."""
    path = kept.expanduser()
    before = _KEPT.validate_json(path.read_bytes() if path.exists() else b"{}")
    now = {
        report.offer.name: declared(report.plugin)
        for report in reports
        if report.plugin is not None and not report.offer.built_in
    }
    changed = False
    for name in sorted({*before, *now}):
        operations = list(diff(before.get(name, {}), now.get(name, {})))
        changed = changed or bool(operations)
        for operation in operations[:MOST_CHANGES]:
            typer.echo(plain(f"{name}: {operation['op']} {operation['path'] or '/'}"))
        if len(operations) > MOST_CHANGES:
            typer.echo(plain(f"{name}: and {len(operations) - MOST_CHANGES} more"))
    path.write_bytes(orjson.dumps(now, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    return FOUND if changed else FINE


def _spelled(item: Examination) -> Document:
    return {
        "name": item.offer.name,
        "distribution": item.offer.distribution,
        "version": item.offer.version,
        "contract": item.offer.contract,
        "sound": not item.problems,
        "problems": list(item.problems),
        "warnings": list(item.warnings),
    }


def _lines(item: Examination) -> Iterator[str]:
    for problem in item.problems:
        yield f"problem: {problem}"
    for warning in item.warnings:
        yield f"warning: {warning}"
    sound = "is not sound" if item.problems else "is sound"
    yield f"{item.offer.name} of {item.offer.owner}, for contract {item.offer.contract}, {sound}."


def _print_json(document: Document) -> None:
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _complain(error: Exception) -> int:
    typer.echo(plain(str(error)), err=True)
    return USAGE
