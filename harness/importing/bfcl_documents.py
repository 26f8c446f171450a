"""Find the functions of a conversation in the documents that the leaderboard publishes apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import orjson

from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue, canonical_text

FOLDER: Final = "multi_turn_func_doc"
FILE_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GorillaFileSystem": "gorilla_file_system.json",
        "MathAPI": "math_api.json",
        "MessageAPI": "message_api.json",
        "TicketAPI": "ticket_api.json",
        "TradingBot": "trading_bot.json",
        "TravelAPI": "travel_booking.json",
        "TwitterAPI": "posting_api.json",
        "VehicleControlAPI": "vehicle_control.json",
    }
)
"""Which document declares the functions of a class; questions name the class."""


class Documents:
    """Read each document once.

    Args:
        folder: where they are; None when nobody found them.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._read: dict[str, list[JsonValue]] = {}

    def functions(self, classes: JsonValue) -> list[JsonValue]:
        """Return the declarations of the classes' functions, in the documents' order.

        Raises:
            UnusableError: a class or its document is unknown.
        """
        if not isinstance(classes, list) or not classes:
            raise UnusableError(f"its 'involved_classes' are {canonical_text(classes)}")
        return [function for name in classes for function in self._of(name)]

    def _of(self, name: JsonValue) -> list[JsonValue]:
        file = FILE_OF.get(name) if isinstance(name, str) else None
        if file is None:
            known = ", ".join(FILE_OF)
            raise UnusableError(f"it involves class {canonical_text(name)}, known are {known}")
        if file not in self._read:
            self._read[file] = self._lines(file)
        return self._read[file]

    def _lines(self, file: str) -> list[JsonValue]:
        if self._folder is None:
            raise UnusableError(
                f"its functions are declared in {FOLDER}/{file}: put that folder beside the file"
            )
        try:
            content = (self._folder / file).read_bytes()
            return [orjson.loads(line) for line in content.splitlines() if line.strip()]
        except OSError as error:
            raise UnusableError(f"{FOLDER}/{file} can't be read: {error.strerror}") from error
        except orjson.JSONDecodeError as error:
            raise UnusableError(
                f"{FOLDER}/{file} is not JSON, one function a line: {error.msg}; download it again"
            ) from error


def names_at(held_back: JsonValue) -> dict[int, frozenset[str]]:
    """Return which functions each turn (counted from zero) brings that were held back before.

    Raises:
        UnusableError: it is no object of turn numbers and lists of names.
    """
    try:
        return {int(turn): frozenset(names) for turn, names in (held_back or {}).items()}
    except (AttributeError, TypeError, ValueError) as error:
        shown = canonical_text(held_back)
        raise UnusableError(f"its 'missed_function' is {shown}, expected names by turn") from error


def without(functions: list[JsonValue], names: frozenset[str]) -> list[JsonValue]:
    """Leave out the functions of these names."""
    return [
        item for item in functions if not (isinstance(item, dict) and item.get("name") in names)
    ]


def involved(content: JsonObject, documents: Documents) -> list[JsonValue]:
    """Return all functions of a conversation: its own list, or those of its classes."""
    own = content.get("function")
    functions = (
        own if isinstance(own, list) else documents.functions(content.get("involved_classes"))
    )
    return without(functions, frozenset(content.get("excluded_function") or ()))
