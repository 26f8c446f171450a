"""Tell paths of this site from addresses that lead a browser elsewhere."""

from __future__ import annotations

import re
from typing import Final

MOST_LETTERS: Final = 2_000
_LOCAL: Final = re.compile(r"/(?![/\\])[\x21-\x7e]*")


def is_local_path(text: str) -> bool:
    r"""Return whether a browser that is sent there stays on this site.

    A second slash would begin the name of a host, a backslash counts as a slash, and browsers drop
    tabs and line ends before they look. Source: WHATWG URL, §4.4.

    >>> is_local_path("/projects?tab=2"), is_local_path("//evil.example"), is_local_path("/\\evil")
    (True, False, False)
    """
    return len(text) <= MOST_LETTERS and "\\" not in text and _LOCAL.fullmatch(text) is not None
