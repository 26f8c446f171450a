"""Say which distributions may be imported: an operator's list of names, versions and pins.

`PLANGATE_PLUGINS` holds it. What it does not name is listed and never imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runtime.plugins.distributions import Offer, installed_digest, normalized

EVERYTHING: Final = "*"
VARIABLE: Final = "PLANGATE_PLUGINS"
_ENTRY: Final = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(?:==(?P<version>[A-Za-z0-9.!+_-]+))?"
    r"(?:#(?P<pin>sha256:[0-9a-f]{64}))?"
)


class AdmissionError(ValueError):
    """The list can't be read; the message names the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Hold one entry of the list.

    Attributes:
        name: of a distribution, normalised.
        version: the only one that may be imported; empty: any.
        pin: the digest that its installed files must have; empty: any.
    """

    name: str
    version: str = ""
    pin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Hold the list.

    Attributes:
        everything: each installed distribution is admitted.
        entries: those that are, by their names.
        isolates: handlers of all plugins but the built-in ones run in processes of their own.
        why_nothing: why an empty list is empty, for whoever looks for a plugin.
        probe_s: how long one may take to import in its probe.
        environ: variables of this process, of which only harmless ones are handed on to probes.
    """

    everything: bool = False
    entries: tuple[Admitted, ...] = ()
    isolates: bool = False
    why_nothing: str = ""
    probe_s: float = 2.5
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def problem(self, offer: Offer) -> str | None:
        """Return why an offer may not be imported, or None if it may."""
        if offer.built_in:
            return None
        entry = next((item for item in self.entries if item.name == offer.distribution), None)
        if entry is None:
            return None if self.everything else self._unnamed(offer)
        if entry.version and entry.version != offer.version:
            return f"{VARIABLE} admits {entry.name}=={entry.version}; installed is {offer.version}"
        if entry.pin:
            return _pin_problem(offer, entry.pin)
        return None

    def _unnamed(self, offer: Offer) -> str:
        because = f" ({self.why_nothing})" if self.why_nothing else ""
        return f"{VARIABLE} does not name {offer.distribution}{because}; add it to admit it"


ADMIT_ALL: Final = Admission(everything=True)
"""What holds where nobody said anything: a developer's machine."""


def read_admission(text: str) -> Admission:
    """Read the list: entries between commas, each `NAME`, `NAME==VERSION` or either with `#PIN`.

    Raises:
        AdmissionError: an entry has another form, or a name is there twice.

    >>> read_admission("zoo==1.2").entries
    (Admitted(name='zoo', version='1.2', pin=''),)
    """
    told = [part.strip() for part in text.split(",") if part.strip()]
    entries = tuple(_entry(part) for part in told if part != EVERYTHING)
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        raise AdmissionError(f"{VARIABLE} names a distribution twice: {', '.join(sorted(names))}")
    return Admission(everything=EVERYTHING in told, entries=entries)


def _entry(text: str) -> Admitted:
    found = _ENTRY.fullmatch(text)
    if found is None:
        raise AdmissionError(
            f"{VARIABLE}: '{text[:80]}' is no entry; expected NAME, NAME==VERSION, "
            "or either with #sha256:DIGEST, as `plangate plugin list --pins` prints them"
        )
    return Admitted(
        name=normalized(found["name"]), version=found["version"] or "", pin=found["pin"] or ""
    )


def _pin_problem(offer: Offer, pin: str) -> str | None:
    digest = installed_digest(offer)
    if digest is None:
        return (
            f"{VARIABLE} pins {offer.distribution}, whose installed files can't be pinned; "
            "install it as a wheel"
        )
    if digest == pin:
        return None
    return f"its installed files have {digest}; {VARIABLE} pins {pin}"
