"""Name the type of a dynamic JSON document, and say when two documents are equal."""

from typing import Any, TypeAlias

JsonValue: TypeAlias = Any  # a recursive alias makes each access a cast; schemas check at run time
JsonObject: TypeAlias = dict[str, Any]


def json_equal(left: JsonValue, right: JsonValue) -> bool:
    """Return whether two documents mean the same JSON, at any depth.

    Python's own `==` is not enough: it holds `True == 1`.

    >>> json_equal({"a": 25, "b": []}, {"b": [], "a": 25.0})
    True
    >>> json_equal([True], [1])
    False
    """
    pairs = [(left, right)]
    for one, other in pairs:  # grows while it is read: no recursion, so no depth is too deep
        if one is other:
            continue
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs.extend((item, other[key]) for key, item in one.items())
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, bool) is not isinstance(other, bool) or one != other:
            return False
    return True
