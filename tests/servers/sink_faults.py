"""Name what intakes and stores get wrong, in tests."""

from enum import StrEnum


class Fault(StrEnum):
    """Say what is wrong with a server; each of its own kind says what it does then."""

    NONE = "none"
    SLOW = "slow past the deadline"
    THROTTLED = "429 with Retry-After"
    BROKEN = "500"
    FORBIDDEN = "403"
    GARBAGE = "200 with nonsense"
    DROPS = "success, and nothing is kept"
    TRUNCATES = "success, and all above 1 MB is cut off"
    CHANGES = "reads back as something else"
    UNLOCKED = "kept without a lock"
    SILENT = "taken, and never acknowledged"
    UNPROMISED = "taken, and will not be acknowledged"


RETRY_AFTER_S = 7
MEGABYTE = 1_000_000
