"""Databases that can't be asked, or must not be."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class TenantContextMissingError(DomainError):
    """A transaction was about to open without an organization: a fault of ours."""

    code = "tenant_context_missing"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__("no organization is set; open the transaction with the principal's own")


class StorageUnavailableError(DomainError):
    """The database can't be asked, or its answer did not arrive."""

    code = "storage_unavailable"

    def __init__(self, *, reason: str, sent: bool = True) -> None:
        """Keep the kind of failure, which names no address.

        Args:
            reason: the kind of failure.
            sent: whether the database may have been asked to write.
        """
        self.reason = reason
        self.sent = sent
        super().__init__(f"the database does not answer ({reason}); try again")


class StorageRefusedError(DomainError):
    """The database refused what it was asked to write, and will again."""

    code = "storage_refused"

    def __init__(self, *, reason: str) -> None:
        """Keep the kind of refusal, which repeats no value."""
        self.reason = reason
        super().__init__(f"the database refused this ({reason}); nothing was written")


class SchemaMismatchError(DomainError):
    """The database was migrated to another revision than this code needs."""

    code = "schema_mismatch"

    def __init__(self, *, found: str | None, needed: str, remedy: str) -> None:
        """Name both revisions and what to do."""
        self.found = found
        self.needed = needed
        self.remedy = remedy
        super().__init__(
            f"the schema of the database is at {found or 'no revision'}, this code needs {needed}; "
            f"{remedy}"
        )


class SchemaError(DomainError):
    """The schema can't be migrated as things stand; nothing that was migrated before is undone."""

    code = "schema_error"

    def __init__(self, *, problem: str, remedy: str) -> None:
        """Say what stands in the way, in words of our own, and what to do about it."""
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"the schema is not migrated: {problem}; {remedy}")


class UnsafeRoleError(DomainError):
    """The role that would serve requests is not held by row security, or could step out of it."""

    code = "role_unsafe"

    def __init__(self, *, role: str, problems: tuple[str, ...]) -> None:
        """Name the role and everything that it may and must not."""
        self.role = role
        self.problems = problems
        super().__init__(
            f"the database role '{role}' must not serve requests: {'; '.join(problems)}; "
            "connect as the app's own role, which `plangate db doctor` accepts"
        )
