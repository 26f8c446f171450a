"""Name every expected failure that a caller must act on: the door to all of them.

    DomainError
    ├── DeclarationError      a component, action, plugin or environment is declared wrongly
    ├── UnknownActionError    an action id that the registry does not hold
    ├── StateError            a state document that breaks its schema or its history
    ├── LeaseBusyError        somebody else held the lease for as long as the caller could wait
    ├── LeaseLostError        a lease that ended before its work did
    ├── LeaseUnavailableError no lease can be given or denied, so none is held
    ├── RatesUnavailableError no answer about rates that projects share, so nothing runs
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
    ├── PluginDisabledError          a turn where the organization turned the plugin off
    ├── RoleReservedError            a role of the platform given as one of an environment
    ├── WrongTimeError               the thing exists, but is in a state that does not allow it
    ├── ProjectArchivedError         a write to an archived project
    ├── VersionMismatchError         If-Match names another version than the head
    ├── KeyReusedError               an idempotency key that was used for something else
    ├── StaleFenceError              a later holder of the lease has written
    ├── StaleHeadError               the state or the settings moved since they were read
    ├── LimitPassedError             others used what was left of a budget that projects share
    ├── TamperedStateError           a stored state that does not have its recorded hash
    ├── TokenMalformedError          a text that is no token
    ├── CredentialRefusedError       a credential that opens nothing, whatever the reason
    ├── CredentialUnverifiableError  a credential that can't be judged at the moment
    ├── WebhookRefusedError          a webhook whose address, headers or filter can't be used
    ├── ModelMissingError            no model is named for a project, or none that may be asked
    ├── ModelUseRefusedError         settings of models that can't be used as they are
    ├── ModelBudgetError             what is left of a budget does not cover an answer of a model
    ├── ModelPriceError              a budget of money, and a model whose price nobody knows
    ├── GateRequiredError            a passed evaluation is demanded of a model, and there is none
    ├── ModelFaultError              no model that may be asked gave a usable answer
    ├── ModelTooSlowError            no answer of a model within the time of a turn
    ├── GateReportRefusedError       a verdict of an evaluation that is not to be believed
    ├── DeliveryRefusedError         a delivery that no secret of a hook signed
    ├── DeliveryStaleError           a delivery that was signed at another time than now
    ├── DeliveryUnfitError           a delivery that a hook's mapping makes no plan of
    ├── DeliveryUncertainError       a delivery of which nobody knows whether it acted before
    ├── AuthenticationBusyError      too many credentials that nobody knows are being looked up
    ├── ExportsBusyError             as many exports run as may run at once
    ├── ConversationBusyError        a turn of the conversation is being answered
    ├── TurnsBusyError               as many turns are being answered as may be
    ├── StreamsBusyError             as many streams of events are open as may be
    ├── CursorExpiredError           a place in the events before the oldest that is kept
    ├── CursorUnknownError           a place in the events that no stream told
    ├── IdentityRefusedError         a bearer token or login that was not believed
    ├── LoginClosedError             browsers can't log in at this platform
    ├── PolicyRefusedError           rules of an organization that can't be used as they are
    ├── PolicyUncheckableError       rules that could not be tried, or took too long
    ├── PolicyMovedError             rules that others were tried together with have changed
    ├── ApprovalMismatchError        a vote on another plan than the one it was asked about
    ├── AuditKeyBrokenError          a key of audit records that no key of the server opens
    ├── AuditKeyRefusedError         keys that sign logs, and do not go on from the last one
    ├── AuditLogBrokenError          a log that is not what was signed of it
    ├── AuditUnavailableError        no immutable copy of records can be made, where one is demanded
    ├── LeafUnreadableError          a leaf of an audit log that its key does not open
    ├── QueueUnavailableError        the queue takes no jobs now; they are kept
    ├── JobTooLargeError             a job that carries more than is kept of one
    ├── LostAttemptError             an attempt at a job that is another's by now, or over
    ├── JobMessageError              a message of the queue that names no jobs
    ├── BrokerUrlError               an address of a broker that nothing here can use
    ├── EmbeddedServerError          an embedded Postgres or Redis that can't be started or kept
    ├── EmbeddedFolderBusyError      a folder whose embedded server another process runs
    ├── DevFolderError               a folder, or a file in it, that `plangate dev` can't use
    ├── DevFolderBusyError           a folder in which another `plangate dev` runs
    ├── SecretError           a secret that can't be read from who keeps it; five kinds below it
    └── DeadlineError                the caller's deadline passed before anything was done

Refusals and failed steps are not here: they are outcomes (`domain.outcome`).
"""

from __future__ import annotations

from runtime.domain.errors.approvals import ApprovalMismatchError
from runtime.domain.errors.audit import (
    AuditKeyBrokenError,
    AuditUnavailableError,
    LeafUnreadableError,
)
from runtime.domain.errors.audit_log import AuditKeyRefusedError, AuditLogBrokenError
from runtime.domain.errors.base import DomainError
from runtime.domain.errors.conversations import ConversationBusyError, TurnsBusyError
from runtime.domain.errors.credentials import (
    AuthenticationBusyError,
    CredentialRefusedError,
    CredentialUnverifiableError,
    IdentityRefusedError,
    LoginClosedError,
    TokenMalformedError,
)
from runtime.domain.errors.declarations import (
    DeclarationError,
    EnvironmentNotInstalledError,
    PluginDisabledError,
    RoleReservedError,
    UnknownActionError,
)
from runtime.domain.errors.gates import GateReportRefusedError
from runtime.domain.errors.histories import (
    ReplayError,
    StateError,
    TamperedStateError,
    VersionMismatchError,
)
from runtime.domain.errors.hooks import (
    DeliveryRefusedError,
    DeliveryStaleError,
    DeliveryUncertainError,
    DeliveryUnfitError,
)
from runtime.domain.errors.jobs import (
    BrokerUrlError,
    JobMessageError,
    JobTooLargeError,
    LostAttemptError,
    QueueUnavailableError,
)
from runtime.domain.errors.machines import (
    DevFolderBusyError,
    DevFolderError,
    EmbeddedFolderBusyError,
    EmbeddedServerError,
)
from runtime.domain.errors.models import (
    GateRequiredError,
    ModelBudgetError,
    ModelFaultError,
    ModelMissingError,
    ModelPriceError,
    ModelTooSlowError,
    ModelUseRefusedError,
)
from runtime.domain.errors.policies import (
    PolicyMovedError,
    PolicyRefusedError,
    PolicyUncheckableError,
)
from runtime.domain.errors.requests import (
    CursorExpiredError,
    CursorUnknownError,
    ExportsBusyError,
    KeyReusedError,
    NameTakenError,
    NotAllowedError,
    NotConfirmedError,
    NotFoundError,
    ProjectArchivedError,
    StreamsBusyError,
    WrongTimeError,
)
from runtime.domain.errors.secrets import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.errors.storage import (
    SchemaError,
    SchemaMismatchError,
    StorageRefusedError,
    StorageUnavailableError,
    TenantContextMissingError,
    UnsafeRoleError,
)
from runtime.domain.errors.turns import (
    DeadlineError,
    LeaseBusyError,
    LeaseLostError,
    LeaseUnavailableError,
    LimitPassedError,
    RatesUnavailableError,
    StaleFenceError,
    StaleHeadError,
)
from runtime.domain.errors.webhooks import WebhookFault, WebhookRefusedError

__all__ = [
    "ApprovalMismatchError",
    "AuditKeyBrokenError",
    "AuditKeyRefusedError",
    "AuditLogBrokenError",
    "AuditUnavailableError",
    "AuthenticationBusyError",
    "BrokerUrlError",
    "ConversationBusyError",
    "CredentialRefusedError",
    "CredentialUnverifiableError",
    "CursorExpiredError",
    "CursorUnknownError",
    "DeadlineError",
    "DeclarationError",
    "DeliveryRefusedError",
    "DeliveryStaleError",
    "DeliveryUncertainError",
    "DeliveryUnfitError",
    "DevFolderBusyError",
    "DevFolderError",
    "DomainError",
    "EmbeddedFolderBusyError",
    "EmbeddedServerError",
    "EnvironmentNotInstalledError",
    "ExportsBusyError",
    "GateReportRefusedError",
    "GateRequiredError",
    "IdentityRefusedError",
    "JobMessageError",
    "JobTooLargeError",
    "KeyReusedError",
    "LeafUnreadableError",
    "LeaseBusyError",
    "LeaseLostError",
    "LeaseUnavailableError",
    "LimitPassedError",
    "LoginClosedError",
    "LostAttemptError",
    "ModelBudgetError",
    "ModelFaultError",
    "ModelMissingError",
    "ModelPriceError",
    "ModelTooSlowError",
    "ModelUseRefusedError",
    "NameTakenError",
    "NotAllowedError",
    "NotConfirmedError",
    "NotFoundError",
    "PluginDisabledError",
    "PolicyMovedError",
    "PolicyRefusedError",
    "PolicyUncheckableError",
    "ProjectArchivedError",
    "QueueUnavailableError",
    "RatesUnavailableError",
    "ReplayError",
    "RoleReservedError",
    "SchemaError",
    "SchemaMismatchError",
    "SecretDeniedError",
    "SecretError",
    "SecretMalformedError",
    "SecretMissingError",
    "SecretThrottledError",
    "SecretUnavailableError",
    "StaleFenceError",
    "StaleHeadError",
    "StateError",
    "StorageRefusedError",
    "StorageUnavailableError",
    "StreamsBusyError",
    "TamperedStateError",
    "TenantContextMissingError",
    "TokenMalformedError",
    "TurnsBusyError",
    "UnknownActionError",
    "UnsafeRoleError",
    "VersionMismatchError",
    "WebhookFault",
    "WebhookRefusedError",
    "WrongTimeError",
]
