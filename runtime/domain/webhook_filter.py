"""Say which events an endpoint hears of, and what a condition over them may hold.

Of CEL there is only what takes time in proportion to its text and the event: no macro that walks a
list, no regular expression.
"""

from __future__ import annotations

import re
from typing import Final

from runtime.domain.hook_mapping import FUNCTIONS
from runtime.domain.webhook import Endpoint

EVENT: Final = "event"
"""What conditions call the event."""
LONGEST_CONDITION: Final = 1_000
MOST_MENTIONS: Final = 20
MOST_SUMS: Final = 8
ANY: Final = ".*"
"""At the end of a type: every type that begins so."""

_TEXT: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_UNCLEAR: Final = ("\\", "`", '"""', "'''", "\n", "\r", "\0")
_NAMED: Final = re.compile(rf"\b{EVENT}\b")
_CALLED: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")


def hears(endpoint: Endpoint, event_type: str, project_id: str | None) -> bool:
    """Say whether an endpoint wants events of a type and a project; its condition is another's.

    An event of no project is the organization's: an endpoint of a project, or one that names
    projects, does not hear of it.
    """
    wanted = endpoint.filter
    if endpoint.project_id is not None and project_id != endpoint.project_id:
        return False
    if wanted.projects and project_id not in wanted.projects:
        return False
    return not wanted.types or any(_fits(item, event_type) for item in wanted.types)


def condition_problem(text: str) -> str | None:
    """Return why a condition may not be compiled, or None.

    A macro such as `map` is an identifier before a bracket, as a function is: so all of them are
    found here, once texts are taken out, and texts have one reading only.
    """
    if len(text) > LONGEST_CONDITION:
        return f"it has {len(text)} characters, expected at most {LONGEST_CONDITION}"
    if any(item in text for item in _UNCLEAR):
        return "it has an escape, a raw name, a text of three quotes or a line break"
    bare = _TEXT.sub("''", text)
    if "//" in bare or "{" in bare:
        return "it has a comment or a map, expected neither"
    mentions, sums = len(_NAMED.findall(bare)), bare.count("+")
    if mentions > MOST_MENTIONS or sums > MOST_SUMS:
        return (
            f"it mentions the event {mentions} times and adds {sums} times, "
            f"expected at most {MOST_MENTIONS} and {MOST_SUMS}"
        )
    strange = sorted(set(_CALLED.findall(bare)) - FUNCTIONS - {"in"})
    if strange:
        return f"it calls {', '.join(strange)}; it may call {', '.join(sorted(FUNCTIONS))}"
    return None


def _fits(wanted: str, event_type: str) -> bool:
    if wanted.endswith(ANY):
        return event_type.startswith(wanted.removesuffix("*"))
    return event_type == wanted
