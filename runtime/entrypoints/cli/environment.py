"""Read what a person set for the commands, and tell the app of `plangate dev` what it starts with.

The service's own variables are read by `runtime.settings`, which a client of the API has no use for
and which takes longer to load than most requests.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from typing import Final

URL: Final = "PLANGATE_URL"
TOKEN: Final = "PLANGATE_TOKEN"  # noqa: S105  # the variable's name
OPERATOR_TOKEN: Final = "PLANGATE_OPERATOR_TOKEN"  # noqa: S105  # as above
FOLDER: Final = "PLANGATE_FOLDER"
USUAL_FOLDER: Final = ".plangate"

_PROCESS: Final = os.environ  # noqa: TID251  # of clients, and of the app that `dev` starts


def told(environ: Mapping[str, str] = _PROCESS) -> dict[str, str]:
    """Return the variables of this process; a blank one is an unset one."""
    return {name: value.strip() for name, value in environ.items() if value.strip()}


def tell(values: Mapping[str, str], environ: MutableMapping[str, str] = _PROCESS) -> None:
    """Set variables, for an app of this process that has not read them yet."""
    environ.update(values)
