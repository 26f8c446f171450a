"""Read the harness's settings at the edge; nothing else looks at the environment."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DEFAULT_OUTPUT = Path("reports/runs")
DEFAULT_BASELINES = Path("reports/baselines")
DEFAULT_TRACKING = "sqlite:///reports/mlflow.db"
PLUGIN_VARIABLES = "PLANGATE_PLUGIN"
"""How the variables that say which plugins may be imported begin."""
GATE_FILE = "gate.yaml"
DIGEST_CHARS = 16
HARMLESS = ("HOME", "LANG", "PATH", "PYTHONPATH", "TMPDIR")
"""Variables that every child needs, and no secret is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessSettings:
    """Hold what the environment says.

    Attributes:
        environ: variables, for model keys.
        tracking_uri: where MLflow logs; `MLFLOW_TRACKING_URI`, by default SQLite in `reports`.
        in_ci: `CI` is set: no live display.
    """

    environ: Mapping[str, str]
    tracking_uri: str
    in_ci: bool

    @classmethod
    def read(cls) -> HarnessSettings:
        """Read the process's environment."""
        environ = dict(os.environ)
        return cls(
            environ=environ,
            tracking_uri=environ.get("MLFLOW_TRACKING_URI") or DEFAULT_TRACKING,
            in_ci=environ.get("CI", "").lower() not in {"", "0", "false"},
        )


def chooses_plugins(settings: HarnessSettings) -> bool:
    """Say whether a variable says something of plugins."""
    return any(name.startswith(PLUGIN_VARIABLES) for name in settings.environ)


def mounted_settings(tracking_uri: str) -> HarnessSettings:
    """Return what a dashboard of a platform may know: nothing of the platform's own secrets.

    Args:
        tracking_uri: where MLflow logs; empty: nowhere.
    """
    environ = {name: os.environ[name] for name in HARMLESS if name in os.environ}
    return HarnessSettings(environ=environ, tracking_uri=tracking_uri, in_ci=True)


def child_environment(*, first_on_path: Sequence[Path]) -> dict[str, str]:
    """Return this process's environment for a child, with folders that Python looks into first."""
    known = os.environ.get("PYTHONPATH")
    path = [*map(str, first_on_path), *([known] if known else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def code_version() -> str:
    """Return the version of this program and a digest of its sources, as in `0.1.0+3f2a9c…`.

    Two runs with equal text were made by the same code, installed or checked out.
    """
    return f"{released_version()}+{_source_digest()}"


def released_version() -> str:
    """Return the version that was released, as in `0.1.0`."""
    try:
        return version("plangate")
    except PackageNotFoundError:
        return "unknown"


def _source_digest() -> str:
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for package in (here, here.parent / "runtime"):
        for path in sorted(package.rglob("*.py")):
            digest.update(path.relative_to(here.parent).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGEST_CHARS]
