"""List what rules of tenants may call: functions that compute, and that both engines answer alike.

Each was compared, OPA 1.22 with regorus 0.9. What is missing though it computes is missing because
they differ: `to_number(" 1")`, `upper("ß")`, `json.marshal("<")`, `indexof(x, "")`,
`strings.replace_n` by its order, `strings.count` by a panic. What they differ in and is here
nevertheless: `lower` of İ and of a final Σ, `count` of a text beyond U+FFFF, how `sprintf` shows
what its verb is not for, and the last digits of sums of fractions.
"""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ALLOWED: Final = _words("""
    abs array.concat array.reverse array.slice ceil concat contains count endswith floor format_int
    glob.match graph.reachable intersection is_array is_boolean is_null is_number is_object is_set
    is_string json.filter json.is_valid json.remove json.unmarshal lower max min numbers.range
    object.filter object.get object.keys object.remove object.subset object.union object.union_n
    product regex.match replace round semver.compare semver.is_valid sort split sprintf startswith
    strings.any_prefix_match strings.any_suffix_match strings.reverse substring sum trim trim_left
    trim_prefix trim_right trim_space trim_suffix type_name union walk
    """)
KEYWORDS: Final = _words(
    "as contains default else every false if import in not null package set some true with"
)
"""Words that brackets may follow and that call nothing; `set()` is the empty set."""
NAMESPACES: Final = _words("""
    array base64 base64url bits crypto glob graph graphql hex http internal io json net numbers
    object opa providers rand regex rego semver strings time units uri urlquery uuid yaml
    """)
"""The first words of the engines' own functions: an import under such a name would hide them."""
RESERVED: Final = frozenset(name for name in ALLOWED if "." not in name) | _words("""
    all and any assign cast_array cast_boolean cast_null cast_object cast_set cast_string div eq
    equal gt gte indexof indexof_n lt lte minus mul neq or plus print re_match rem set_diff
    to_number trace upper
    """)
"""The engines' own functions of one word: a rule of that name would hide them."""

PATTERNS: Final = frozenset({"regex.match"})
"""Functions whose first argument is a pattern, which has to be written out."""
_ENGINES_DIFFER: Final = re.compile(
    r"\\\w|\\[^\x21-\x7e]|\(\?|&&|--|~~|\[[^\]]*\[|\{\d{4,}|,\d{4,}"
)


def portable_pattern(pattern: str) -> bool:
    r"""Say whether a regular expression means the same to both engines.

    Classes such as `\d` are Unicode's to one and ASCII's to the other; flags differ as well.

    >>> portable_pattern("^[0-9]+[.]eu$"), portable_pattern(r"^\d+$")
    (True, False)
    """
    return _ENGINES_DIFFER.search(pattern) is None
