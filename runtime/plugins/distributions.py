"""Find what installed distributions offer as plugins, by their metadata; nothing is imported."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points
from pathlib import Path, PurePosixPath
from typing import Final

from runtime.plugins.versions import BEFORE_RANGES

GROUP: Final = "plangate.plugins"
CONTRACT_GROUP: Final = "plangate.contract"
OURS: Final = "plangate"
_UNPINNED: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_APART: Final = re.compile(r"[-_.]+")
_OUR_MODULES: Final = "runtime.plugins.stdlib."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Say what one distribution offers under one name.

    Attributes:
        name: of the plugin, as its entry point is called.
        value: where it is, as `module:attribute`.
        distribution: the distribution's name, normalised.
        version: the distribution's.
        contract: the contracts that it states, as metadata spell them.
        built_in: it comes with the platform.
    """

    name: str
    value: str
    distribution: str
    version: str
    contract: str
    built_in: bool
    entry_point: EntryPoint = field(repr=False, compare=False)

    @property
    def owner(self) -> str:
        """Return who offers it, for people."""
        return f"{self.distribution} {self.version}"


def normalized(name: str) -> str:
    """Return a distribution's name as it is compared.

    >>> normalized("Zoo_Keeper")
    'zoo-keeper'
    """
    return _APART.sub("-", name.strip()).lower()


def offers(path: Sequence[str] | None = None) -> tuple[Offer, ...]:
    """Return what is offered, in the order of names; what the platform itself offers comes first.

    Two distributions may offer one name: which of them is served is not decided here.

    Args:
        path: folders to look into; those of this process unless given.
    """
    stated = {
        (_distribution(item), item.name): item.value for item in _entry_points(CONTRACT_GROUP, path)
    }
    found: dict[tuple[str, str], Offer] = {}
    for item in _entry_points(GROUP, path):
        distribution = _distribution(item)
        offer = offer_of(item, contract=stated.get((distribution, item.name), BEFORE_RANGES))
        found.setdefault((item.name, distribution), offer)  # a folder may stand twice in the path
    return tuple(
        sorted(found.values(), key=lambda item: (not item.built_in, item.name, item.distribution))
    )


def offer_of(item: EntryPoint, *, contract: str) -> Offer:
    """Return what an entry point offers, by its metadata alone."""
    distribution = _distribution(item)
    return Offer(
        name=item.name,
        value=item.value,
        distribution=distribution,
        version="" if item.dist is None else item.dist.version,
        contract=contract,
        built_in=distribution == OURS and item.value.startswith(_OUR_MODULES),
        entry_point=item,
    )


def _entry_points(group: str, path: Sequence[str] | None) -> tuple[EntryPoint, ...]:
    if path is None:
        return tuple(entry_points(group=group))
    return tuple(
        item
        for dist in distributions(path=list(path))
        for item in dist.entry_points
        if item.group == group
    )


def _distribution(item: EntryPoint) -> str:
    return "" if item.dist is None else normalized(item.dist.name)


def installed_digest(offer: Offer) -> str | None:
    """Return the digest of an offer's distribution as it is installed; None if it can't be pinned.

    It is the SHA-256 over each file that the distribution's RECORD lists, in the order of their
    paths: the path, a zero byte and the SHA-256 of what is there now. What the installer writes
    for itself and compiled copies are left out. A distribution whose RECORD does not hold the
    plugin's module, such as an editable one, can't be pinned.
    """
    dist = offer.entry_point.dist
    if dist is None or not _holds_module(dist, offer.entry_point.module):
        return None
    whole = hashlib.sha256()
    for path in sorted(_pinned(dist), key=str):
        try:
            content = Path(str(dist.locate_file(path))).read_bytes()
        except OSError:  # listed and not there
            return None
        whole.update(f"{path}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def _pinned(dist: Distribution) -> list[PurePosixPath]:
    return [
        path
        for path in _listed(dist)
        if path.name not in _UNPINNED and path.suffix != ".pyc" and "__pycache__" not in path.parts
    ]


def _holds_module(dist: Distribution, module: str) -> bool:
    base = "/".join(module.split("."))
    listed = {str(path) for path in _listed(dist)}
    return bool(listed & {f"{base}.py", f"{base}/__init__.py"})


def _listed(dist: Distribution) -> list[PurePosixPath]:
    """Return what RECORD lists, there or not: some finders' `files` leave out what is not there."""
    record = dist.read_text("RECORD") or ""
    return [PurePosixPath(row[0]) for row in csv.reader(record.splitlines()) if row]
