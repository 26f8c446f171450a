"""Requests that can't be granted."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class NotFoundError(DomainError):
    """Nothing of that kind has that id, or the caller may not see it: both look alike."""

    code = "not_found"

    def __init__(self, *, kind: str, id: str) -> None:  # noqa: A002  # what it is
        """Name what was looked for."""
        self.kind = kind
        self.id = id
        super().__init__(f"no {kind} '{id[:80]}' that you may see")


class NotAllowedError(DomainError):
    """The caller is known, but may not do this."""

    code = "not_allowed"

    def __init__(self, *, needs: str, has: str) -> None:
        """Say what it needs and what the caller has."""
        self.needs = needs
        self.has = has
        super().__init__(f"this needs {needs}; you have {has or 'none'}")


class NameTakenError(DomainError):
    """Something of that name exists in the organization."""

    code = "name_taken"

    def __init__(self, *, kind: str, name: str) -> None:
        """Name what is taken."""
        self.kind = kind
        self.name = name
        super().__init__(f"a {kind} named '{name[:80]}' exists; choose another name")


class NotConfirmedError(DomainError):
    """Something that can't be undone was asked for, and not confirmed word for word."""

    code = "not_confirmed"

    def __init__(self, *, what: str, needs: str) -> None:
        """Say what has to be confirmed, and with what."""
        self.what = what
        self.needs = needs
        super().__init__(f"{what} can't be undone; to confirm it, send {needs} exactly as it is")


class WrongTimeError(DomainError):
    """The thing is in a state that does not allow what was asked."""

    code = "wrong_time"

    def __init__(self, *, what: str, found: str, remedy: str) -> None:
        """Say what was asked, what stands in its way and what to do."""
        self.what = what
        self.found = found
        super().__init__(f"{what} is {found}; {remedy}")


class ProjectArchivedError(DomainError):
    """A write to an archived project; its history can still be read."""

    code = "project_archived"

    def __init__(self, *, project: str) -> None:
        """Name the project."""
        self.project = project
        super().__init__(f"project '{project}' is archived; restore it first")


class KeyReusedError(DomainError):
    """An idempotency key was used before with another body."""

    code = "idempotency_key_reused"

    def __init__(self, *, key: str) -> None:
        """Name the key."""
        self.key = key
        super().__init__(
            f"the Idempotency-Key '{key[:80]}' was used with another body; use a new key"
        )


class ExportsBusyError(DomainError):
    """As many exports run as may run at once."""

    code = "exports_busy"

    def __init__(self, *, found: str) -> None:
        """Say what is in the way."""
        self.found = found
        super().__init__(f"no export begins now: {found}; try again when it has ended")


class StreamsBusyError(DomainError):
    """As many streams of live events are open as may be at once."""

    code = "streams_busy"

    def __init__(self, *, found: str) -> None:
        """Say what is in the way."""
        self.found = found
        super().__init__(f"no stream begins now: {found}; close one, or try again later")


class CursorExpiredError(DomainError):
    """A cursor from before the oldest event that is kept."""

    code = "cursor_expired"

    def __init__(self, *, kept_days: int) -> None:
        """Say for how long events are kept."""
        self.kept_days = kept_days
        super().__init__(
            f"the cursor is older than {kept_days} days, for which events are kept: begin without "
            "one, and read of what happened before from the project's outcomes"
        )


class CursorUnknownError(DomainError):
    """A cursor that no stream of this project ever told."""

    code = "cursor_invalid"

    def __init__(self, *, found: str) -> None:
        """Say what is wrong with it."""
        self.found = found
        super().__init__(
            f"the cursor can't be used: {found}; send the last event's id of this project, "
            "unchanged, or none to begin now"
        )
