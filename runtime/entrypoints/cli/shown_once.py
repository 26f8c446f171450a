"""Say so when a text that is shown once was lost on its way."""

from __future__ import annotations

from typing import Final

from runtime.entrypoints.cli.console import Api

LOST: Final = (
    "the first answer got lost on its way, and a secret text is shown once: "
    "revoke what was made, and make another"
)


def warn_if_lost(api: Api, text: str | None) -> None:
    """Tell people what to do about a text that is not in the repeated answer."""
    if text is None:
        api.say(LOST)
