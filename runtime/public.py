"""Open the one door for the harness and for embedders: documents, sandbox and chat models."""

from __future__ import annotations

from runtime.agent.media import Attachment, AttachmentError, part_of
from runtime.agent.parse import ParseFault, ParseProblem
from runtime.agent.patience import Patience
from runtime.agent.planner import Planner, Proposed, Sampling
from runtime.agent.prompt import PROMPT_VERSION, Conversation, Turn
from runtime.agent.tools import ASK, DECLINE
from runtime.bootstrap.chat_models import open_chat_model, price_of
from runtime.bootstrap.own_rules import OwnModules, RulesDesk
from runtime.bootstrap.plugin_admission import admit_installed
from runtime.domain.action import Action, Risk
from runtime.domain.component import Component
from runtime.domain.errors import (
    DeclarationError,
    DomainError,
    PolicyRefusedError,
    PolicyUncheckableError,
    UnknownActionError,
)
from runtime.domain.execution_window import ExecutionWindow
from runtime.domain.limits import BudgetScope, LimitMeasure, LimitRefusal, Limits, Usage
from runtime.domain.outcome import PlanOutcome, Refusal, StepOutcome, StepStatus
from runtime.domain.plan import Plan, Step
from runtime.domain.policy import Obligation, ObligationKind, PolicyDecision, PolicyReason
from runtime.domain.policy_input import PolicyInput
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.principal import Mode, Principal
from runtime.domain.proposal import Clarification, Decline, PlanProposal, Proposal
from runtime.domain.reason import ReasonCode
from runtime.domain.registry import Registry
from runtime.domain.state import State
from runtime.engine.pipeline import Judgement
from runtime.kit.canonical_json import (
    CanonicalJsonError,
    canonical_bytes,
    canonical_text,
    digest,
    digest_bytes,
)
from runtime.kit.clock import Clock, SystemClock
from runtime.kit.ids import new_id
from runtime.kit.json_patch import diff
from runtime.kit.json_pointer import (
    PointerError,
    covers,
    get,
    remove,
    set_value,
)
from runtime.kit.json_value import JsonObject, JsonValue, json_equal
from runtime.kit.redact import REDACTED, redact
from runtime.plugins.contract import Environment, Plugin
from runtime.plugins.declared import declared_plugin
from runtime.plugins.loader import (
    environment_names,
    find_environment,
    not_admitted,
    plugin_names,
)
from runtime.ports.chat_model import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
    ToolCall,
    ToolSet,
)
from runtime.ports.model_reference import (
    FREE,
    ModelReference,
    ModelReferenceError,
    Price,
    parse_model_reference,
)
from runtime.ports.offline_provider import OfflineProvider
from runtime.sandbox import Sandbox, Situation, StepRules
from runtime.settings import quiet_environment

__all__ = [
    "ASK",
    "DECLINE",
    "FREE",
    "PROMPT_VERSION",
    "REDACTED",
    "Action",
    "Attachment",
    "AttachmentError",
    "BudgetScope",
    "CanonicalJsonError",
    "ChatModel",
    "ChatRequest",
    "Clarification",
    "Clock",
    "Completion",
    "Component",
    "Conversation",
    "DeclarationError",
    "Decline",
    "DomainError",
    "Environment",
    "ExecutionWindow",
    "JsonObject",
    "JsonValue",
    "Judgement",
    "LimitMeasure",
    "LimitRefusal",
    "Limits",
    "Mode",
    "ModelError",
    "ModelFault",
    "ModelReference",
    "ModelReferenceError",
    "Obligation",
    "ObligationKind",
    "OfflineProvider",
    "OwnModules",
    "ParseFault",
    "ParseProblem",
    "Patience",
    "Plan",
    "PlanOutcome",
    "PlanProposal",
    "Planner",
    "Plugin",
    "PointerError",
    "PolicyDecision",
    "PolicyInput",
    "PolicyModule",
    "PolicyReason",
    "PolicyRefusedError",
    "PolicyUncheckableError",
    "Price",
    "Principal",
    "Proposal",
    "Proposed",
    "ReasonCode",
    "Refusal",
    "Registry",
    "Risk",
    "RulesDesk",
    "Sampling",
    "Sandbox",
    "Situation",
    "State",
    "Step",
    "StepOutcome",
    "StepRules",
    "StepStatus",
    "SystemClock",
    "TokenUsage",
    "ToolCall",
    "ToolSet",
    "Turn",
    "UnknownActionError",
    "Usage",
    "admit_installed",
    "canonical_bytes",
    "canonical_text",
    "covers",
    "declared_plugin",
    "diff",
    "digest",
    "digest_bytes",
    "environment_names",
    "find_environment",
    "get",
    "json_equal",
    "new_id",
    "not_admitted",
    "open_chat_model",
    "parse_model_reference",
    "part_of",
    "plugin_names",
    "price_of",
    "quiet_environment",
    "redact",
    "remove",
    "set_value",
]
