"""Replace personal data by stable placeholders, the same one wherever a value occurs.

E-mail addresses, phone numbers, numbers like those of cards and accounts, and tokens are known by
their form. Names and passwords are known by what stands around them: they are learnt first and
then replaced everywhere. What the environment itself declares is public and stays.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from harness.importing.traces_patterns import (
    FORMS,
    NAME,
    NAME_CUES,
    PERSON_KEYS,
    SECRET_CUES,
    SECRET_KEYS,
)
from runtime.public import JsonObject, JsonValue

_SHORTEST_PHONE: Final = 7
_SHORTEST_PART: Final = 3
_PHONE_DIGITS: Final = "555010"
_CARD_DIGITS: Final = "9000"
_CARD_LENGTHS: Final = range(13, 20)


class Anonymiser:
    """Replace what is personal in the values of one file.

    Args:
        public: text that may stay, such as the environment's own declaration.
        names: names that nothing around them gives away.
    """

    def __init__(self, *, public: str, names: Iterable[str] = ()) -> None:
        self._public = public
        self._literals: dict[str, str] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._pattern = FORMS
        self._used: Counter[str] = Counter()
        for name in names:
            self._learn_name(name)

    def learn(self, value: JsonValue) -> None:
        """Look for names and passwords in a value; call it for all values before any `clean`."""
        for key, text in _texts(value, key=""):
            self._learn_by_key(key, text)
            for match in _matches(NAME_CUES, text):
                self._learn_name(match)
            for match in _matches(SECRET_CUES, text):
                self._learn(match, self._placeholder("token", match))
        longest_first = sorted(self._literals, key=lambda text: (-len(text), text))
        if longest_first:
            known = "|".join(map(re.escape, longest_first))
            self._pattern = re.compile(rf"(?P<known>(?<!\w)(?:{known})(?!\w))|{FORMS.pattern}")

    def clean(self, value: JsonValue) -> JsonValue:
        """Return a value with placeholders for what is personal, in keys and numbers as well."""
        if isinstance(value, str):
            return self._pattern.sub(self._replacement, value)
        if isinstance(value, dict):
            return {self.clean(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(item) for item in value]
        if isinstance(value, int) and _is_card(str(value)):
            return int(self._counted(self._placeholder("card", str(value))))
        return value

    def replaced(self) -> dict[str, int]:
        """Return how often each placeholder was put in since the last time that this was asked."""
        used, self._used = dict(sorted(self._used.items())), Counter()
        return used

    def _replacement(self, match: re.Match[str]) -> str:
        found, kind = match[0], match.lastgroup or ""
        if kind == "known":
            return self._counted(self._literals[found])
        digits = re.sub(r"\D", "", found)
        short = kind == "phone" and len(digits) < _SHORTEST_PHONE
        return (
            found
            if short or self._is_public(found)
            else self._counted(self._placeholder(kind, found))
        )

    def _counted(self, placeholder: str) -> str:
        self._used[placeholder] += 1
        return placeholder

    def _placeholder(self, kind: str, found: str) -> str:
        """Return what stands for a value; values that differ in spelling only share a number."""
        numbers = self._numbers.setdefault(kind, {})
        plain = re.sub(r"[\s()./\u2010-\u2015-]", "", found) if kind in _SHAPED else found
        number = numbers.setdefault(plain.casefold(), len(numbers) + 1)
        if kind in _SHAPED:
            return _shaped(found, _SHAPED[kind], number)
        return {"email": f"email{number}@example.com", "name": f"Person{number}"}.get(
            kind, f"{kind}{number}"
        )

    def _learn_by_key(self, key: str, text: str) -> None:
        if key in SECRET_KEYS and not self._is_public(text):
            self._learn(text, self._placeholder("token", text))
        elif _names_a_person(key, text):
            self._learn_name(text)

    def _learn_name(self, name: str) -> None:
        name = " ".join(name.split())
        if not name or self._is_public(name):
            return
        placeholder = self._literals.get(name) or self._placeholder("name", name)
        self._learn(name, placeholder)
        for part in name.split(" "):
            if len(part) >= _SHORTEST_PART and part[0].isupper() and not self._is_public(part):
                self._learn(part, placeholder)

    def _learn(self, text: str, placeholder: str) -> None:
        for spelling in (text, text.lower(), text.upper()) if " " in text else (text,):
            self._literals.setdefault(spelling, placeholder)

    def _is_public(self, text: str) -> bool:
        return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", self._public) is not None


_SHAPED: Final = {"phone": _PHONE_DIGITS, "card": _CARD_DIGITS, "account": "00"}
"""Kinds that keep their form, because an action's schema may demand it: how the digits begin."""


def _shaped(found: str, start: str, number: int) -> str:
    """Put other digits and letters into a number's own form."""
    length = sum(char.isdigit() for char in found)
    tail = str(number)
    digits = iter((start + "0" * length)[: length - len(tail)] + tail)
    return "".join(
        next(digits) if char.isdigit() else "X" if char.isalpha() else char for char in found
    )


def _texts(value: JsonValue, *, key: str) -> Iterator[tuple[str, str]]:
    """Yield each text with the key that it stands under; a pointer counts by its last part."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield "", name
            yield from _texts(item, key=_key(name, value))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, key=key)


def _matches(cues: Iterable[re.Pattern[str]], text: str) -> Iterator[str]:
    for cue in cues:
        yield from (match[1] for match in cue.finditer(text))


def _key(name: str, around: JsonObject) -> str:
    """Return a key; a bare `name` is a person's where an address or a number stands beside it."""
    key = name.rpartition("/")[2].lower().replace("-", "_")
    beside = {other.rpartition("/")[2].lower() for other in around}
    return "full_name" if key == "name" and beside & {"email", "phone", "mobile"} else key


def _names_a_person(key: str, text: str) -> bool:
    several = key == "name" and " " in text.strip()
    return (key in PERSON_KEYS or several) and re.fullmatch(NAME, text.strip()) is not None


def _is_card(digits: str) -> bool:
    """Say whether a whole number is that of a card, by its length and its check digit.

    Source: ISO/IEC 7812-1, annex B (Luhn).
    """
    if len(digits) not in _CARD_LENGTHS or not digits.isdigit():
        return False
    doubled = [int(char) * (1 + index % 2) for index, char in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
