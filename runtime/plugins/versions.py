"""Compare the contracts that a distribution was written for with the one that holds here.

Pure, and about metadata alone: nothing of the distribution is imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from runtime.plugins.contract import CONTRACT_MINOR, CONTRACT_VERSION, KEPT_MINORS

BEFORE_RANGES: Final = "1.0:1.1"
"""What a distribution that names no contract was written for: ranges came with 1.2."""
_RANGE: Final = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\s*(?::\s*([0-9]{1,4})\.([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ContractVersion:
    """Name one version of the contract: minors add, majors may take away."""

    major: int
    minor: int

    @override
    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


CURRENT: Final = ContractVersion(major=CONTRACT_VERSION, minor=CONTRACT_MINOR)


def contract_problem(stated: str, *, here: ContractVersion = CURRENT) -> str | None:
    """Return why a distribution can't be used by its stated contracts, or None if it can.

    Args:
        stated: the first and the last contract that it works with, or one, as in metadata.
        here: the contract of this release, which keeps those up to two minors older.

    >>> contract_problem("1.0:1.2"), contract_problem("1.2")
    (None, None)
    >>> contract_problem("2.0")
    'it was written for contract 2.0; this is 1.2, which keeps 1.0 and newer'
    """
    found = _RANGE.fullmatch(stated.strip())
    if found is None:
        return f"its contract is '{stated[:40]}', expected FIRST:LAST such as 1.0:{here}"
    major, minor, last_major, last_minor = found.groups()
    first = ContractVersion(major=int(major), minor=int(minor))
    last = (
        first
        if last_major is None
        else ContractVersion(major=int(last_major), minor=int(last_minor))
    )
    if last < first:
        return f"its contracts end with {last} and begin with {first}"
    oldest = ContractVersion(major=here.major, minor=max(0, here.minor - KEPT_MINORS))
    if first > here or last < oldest:
        written = f"{first}" if first == last else f"{first} to {last}"
        return (
            f"it was written for contract {written}; this is {here}, which keeps {oldest} and newer"
        )
    return None
