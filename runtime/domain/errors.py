"""Name every expected failure that a caller must act on.

    DomainError
    ├── DeclarationError      a component, action, plugin or environment is declared wrongly
    ├── UnknownActionError    an action id that the registry does not hold
    ├── StateError            a state document that breaks its schema or its history
    ├── LeaseBusyError        somebody else held the lease for as long as the caller could wait
    ├── LeaseLostError        a lease that ended before its work did
    ├── LeaseUnavailableError no lease can be given or denied, so none is held
    ├── ReplayError           diffs that do not rebuild the recorded state
    ├── TenantContextMissingError    a transaction without an organization
    ├── StorageUnavailableError      the database can't be asked, or did not answer
    ├── StorageRefusedError          the database refused what it was asked to write
    ├── SchemaMismatchError          the database's schema is not the one this code was written for
    ├── SchemaError                  the schema can't be migrated as things stand
    ├── UnsafeRoleError              a database role that row security does not hold, or could leave
    ├── NotFoundError                nothing with that id that the caller may see
    ├── NotAllowedError              the caller's scopes or roles don't allow it
    ├── NameTakenError               a name or address that must be unique is in use
    ├── NotConfirmedError            what can't be undone was asked for without its name
    ├── EnvironmentNotInstalledError a project for an environment that no plugin declares
    ├── RoleReservedError            a role of the platform given as one of an environment
    ├── WrongTimeError               the thing exists, but is in a state that does not allow it
    ├── ProjectArchivedError         a write to an archived project
    ├── VersionMismatchError         If-Match names another version than the head
    ├── KeyReusedError               an idempotency key that was used for something else
    ├── StaleFenceError              a later holder of the lease has written
    ├── StaleHeadError               the state or the settings moved since they were read
    ├── TamperedStateError           a stored state that does not have its recorded hash
    ├── TokenMalformedError          a text that is no token
    ├── CredentialRefusedError       a credential that opens nothing, whatever the reason
    ├── CredentialUnverifiableError  a credential that can't be judged at the moment
    ├── AuthenticationBusyError      too many credentials that nobody knows are being looked up
    ├── ExportsBusyError             as many exports run as may run at once
    ├── IdentityRefusedError         a bearer token or login that was not believed
    ├── LoginClosedError             browsers can't log in at this platform
    ├── EmbeddedServerError          an embedded Postgres or Redis that can't be started or kept
    ├── EmbeddedFolderBusyError      a folder whose embedded server another process runs
    ├── DevFolderError               a folder, or a file in it, that `plangate dev` can't use
    ├── DevFolderBusyError           a folder in which another `plangate dev` runs
    └── DeadlineError                the caller's deadline passed before anything was done

Refusals and failed steps are not here: they are outcomes (`domain.outcome`).
"""

from __future__ import annotations

from typing import ClassVar

from runtime.domain.identity import IdentityRefusal


class DomainError(Exception):
    """Base of all expected failures; `code` is stable across releases."""

    code: ClassVar[str] = "domain_error"


class DeclarationError(DomainError):
    """A declaration can't be used; the message lists every problem found."""

    code = "declaration_invalid"

    def __init__(self, *, subject: str, problems: tuple[str, ...]) -> None:
        """Collect the problems of one subject, such as `action counter.set@1`."""
        self.subject = subject
        self.problems = problems
        super().__init__(f"{subject} is not usable: " + "; ".join(problems))


class UnknownActionError(DomainError):
    """An action id that is not in the registry."""

    code = "action_unknown"

    def __init__(self, *, action: str, known: tuple[str, ...]) -> None:
        """Name the id that was asked for and the closest that exist."""
        self.action = action
        self.known = known
        hint = f"; known: {', '.join(known[:8])}" if known else ""
        super().__init__(f"no action '{action}' in the registry{hint}")


class StateError(DomainError):
    """A state document that no component declared or whose schema it breaks."""

    code = "state_invalid"

    def __init__(self, *, component: str, problem: str) -> None:
        """Name the component and what is wrong with its state."""
        self.component = component
        self.problem = problem
        super().__init__(f"state of component '{component}': {problem}")


class ReplayError(DomainError):
    """A recorded diff that does not lead to the recorded hash."""

    code = "replay_diverged"

    def __init__(self, *, version: int, expected: str, actual: str) -> None:
        """Name the first version that diverges and both hashes."""
        self.version = version
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"replay diverges at version {version}: recorded {expected}, rebuilt {actual}; "
            "the history was altered or written by another engine"
        )


class LeaseBusyError(DomainError):
    """A lease that somebody else held for as long as the caller could wait."""

    code = "lease_busy"

    def __init__(self, *, key: str, holder: str | None, waited_s: float, position: int) -> None:
        """Name the key, who held it last (None if that is unknown), and the place in the queue."""
        self.key = key
        self.holder = holder
        self.waited_s = waited_s
        self.position = position
        super().__init__(
            f"lease on '{key}' is held by {holder or 'somebody else'} after {waited_s:.3f} s of "
            f"waiting at place {position} in the queue; try again later or wait longer"
        )


class LeaseLostError(DomainError):
    """A lease that ended before the work under it did."""

    code = "lease_lost"

    def __init__(self, *, key: str, owner: str) -> None:
        """Name the key and the tenure that is over."""
        self.key = key
        self.owner = owner
        super().__init__(
            f"lease on '{key}' is not held by {owner} any more; write nothing under it, acquire it "
            "again and start over"
        )


class LeaseUnavailableError(DomainError):
    """No answer about leases, which counts as a denial."""

    code = "lease_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say what the lease server answered, or why it did not."""
        self.reason = reason
        super().__init__(f"no lease can be had: {reason}; nothing was done, try again later")


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


class EnvironmentNotInstalledError(DomainError):
    """A project was asked for in an environment that no installed plugin declares."""

    code = "environment_not_installed"

    def __init__(self, *, environment: str, known: tuple[str, ...]) -> None:
        """Name the environment and those that there are."""
        self.environment = environment
        self.known = known
        super().__init__(
            f"no installed plugin declares the environment '{environment[:80]}'; "
            f"there are: {', '.join(known) or 'none'}"
        )


class RoleReservedError(DomainError):
    """A role of the platform was to be given as if it were one of an environment."""

    code = "role_reserved"

    def __init__(self, *, roles: tuple[str, ...]) -> None:
        """Name the roles."""
        self.roles = roles
        super().__init__(
            f"{', '.join(roles)}: roles of the platform are no extra roles; "
            "extra roles are those that actions of the environment name"
        )


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


class VersionMismatchError(DomainError):
    """If-Match names another version of the state than the one that stands."""

    code = "version_mismatch"

    def __init__(self, *, expected: str, found: str) -> None:
        """Name both."""
        self.expected = expected
        self.found = found
        super().__init__(f"the state is {found}, you expected {expected}; read it and decide anew")


class KeyReusedError(DomainError):
    """An idempotency key was used before with another body."""

    code = "idempotency_key_reused"

    def __init__(self, *, key: str) -> None:
        """Name the key."""
        self.key = key
        super().__init__(
            f"the Idempotency-Key '{key[:80]}' was used with another body; use a new key"
        )


class StaleFenceError(DomainError):
    """A later holder of the project's lease has written: this one may not any more."""

    code = "stale_fence"

    def __init__(self, *, held: int, current: int) -> None:
        """Name both tokens."""
        self.held = held
        self.current = current
        super().__init__(f"fencing token {held} is older than {current}, which storage has seen")


class StaleHeadError(DomainError):
    """The head moved, or the project's settings changed, since they were read."""

    code = "stale_head"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("the project's state or settings changed meanwhile; read them again")


class TamperedStateError(DomainError):
    """A stored state does not have the hash that was recorded for it."""

    code = "state_tampered"

    def __init__(self, *, version: int, expected: str, actual: str) -> None:
        """Name the version and both hashes."""
        self.version = version
        self.expected = expected
        self.actual = actual
        super().__init__(
            f"the state stored as version {version} hashes to {actual}, recorded is {expected}; "
            "it was altered outside of Plangate: nothing runs on it until it is restored"
        )


class DeadlineError(DomainError):
    """The caller's deadline passed while the request waited; nothing was done."""

    code = "deadline_passed"

    def __init__(self, *, waited_s: float, waiting_for: str) -> None:
        """Say how long, and for what."""
        self.waited_s = waited_s
        self.waiting_for = waiting_for
        super().__init__(
            f"nothing was done: {waited_s:.1f} s passed while waiting for {waiting_for}; try again"
        )


class TokenMalformedError(DomainError):
    """A text that is not a token; the message never repeats it."""

    code = "token_malformed"

    def __init__(self, *, problem: str) -> None:
        """Say what is wrong with it, in words of our own."""
        self.problem = problem
        super().__init__(f"the token is not readable: {problem}; copy it again, or make a new one")


class CredentialRefusedError(DomainError):
    """A credential that opens nothing; unknown, malformed, expired and revoked look alike."""

    code = "token_refused"

    def __init__(self) -> None:
        """Say what to bring, and nothing of what was wrong."""
        super().__init__(
            "no credential that opens this; send a valid token as 'Authorization: Bearer', "
            "or log in again"
        )


class CredentialUnverifiableError(DomainError):
    """A credential that can't be judged now, because whoever vouches for it does not answer."""

    code = "credential_unverifiable"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("whoever vouches for the credential does not answer; try again")


class AuthenticationBusyError(DomainError):
    """Too many credentials that nobody knows are being looked up; those that are known go on."""

    code = "authentication_busy"

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("too many unknown credentials are being looked up; try again")


class ExportsBusyError(DomainError):
    """As many exports run as may run at once."""

    code = "exports_busy"

    def __init__(self, *, found: str) -> None:
        """Say what is in the way."""
        self.found = found
        super().__init__(f"no export begins now: {found}; try again when it has ended")


class IdentityRefusedError(DomainError):
    """A bearer token or a login that was not believed; the message repeats nothing of either."""

    code = "identity_refused"

    def __init__(self, *, reason: IdentityRefusal, detail: str) -> None:
        """Name the check that failed and what it expected, in words of our own."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"the identity is refused ({reason.value}): {detail}; {reason.advice}")


class EmbeddedServerError(DomainError):
    """An embedded server can't be started, or could not be kept running."""

    code = "embedded_server"

    def __init__(self, *, server: str, problem: str, advice: str) -> None:
        """Name the server, what is wrong and what to do."""
        self.server = server
        self.problem = problem
        self.advice = advice
        super().__init__(f"embedded {server}: {problem}; {advice}")


class EmbeddedFolderBusyError(DomainError):
    """Another process runs the embedded server of this folder."""

    code = "embedded_folder_busy"

    def __init__(self, *, server: str, folder: str, pid: int | None) -> None:
        """Name the folder and who holds it, where that could be read."""
        self.server = server
        self.folder = folder
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(
            f"embedded {server}: {holder} runs the server of {folder}; "
            "end that process first, or choose another folder"
        )


class DevFolderError(DomainError):
    """A folder of `plangate dev`, or a file in it, that can't be used."""

    code = "dev_folder"

    def __init__(self, *, path: str, problem: str) -> None:
        """Name the folder or file and what is wrong."""
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}; or choose another folder")


class DevFolderBusyError(DomainError):
    """Another process runs `plangate dev` in this folder."""

    code = "dev_folder_busy"

    def __init__(self, *, path: str, pid: int | None, url: str | None) -> None:
        """Name the folder, and who runs there, where that could be read."""
        self.path = path
        self.pid = pid
        self.url = url
        holder = "another process" if pid is None else f"process {pid}"
        does = "is starting" if url is None else f"serves {url}"
        super().__init__(
            f"{holder} {does} with the data in {path}; end it first, or choose another folder"
        )


class LoginClosedError(DomainError):
    """Nobody can log in with a browser here."""

    code = "login_closed"

    def __init__(self) -> None:
        """Say what is missing."""
        super().__init__(
            "this platform has no identity provider or no public address to return to; set "
            "PLANGATE_ISSUERS and PLANGATE_PUBLIC_URL, or send a token"
        )
