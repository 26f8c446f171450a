"""Spell an organization's own rules as callers read them: now, in a replay, and in every list."""

from __future__ import annotations

from runtime.domain.policy_version import PolicyActivation, PolicyRules, PolicyVersion
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def version_document(version: PolicyVersion) -> JsonObject:
    """Spell a version, without its modules."""
    return {
        "scope": version.scope,
        "version": version.version,
        "digest": version.digest,
        "note": version.note,
        "created_at": spelled_instant(version.created_at),
        "created_by": version.created_by,
    }


def rules_document(rules: PolicyRules) -> JsonObject:
    """Spell a version with its modules."""
    return {
        **version_document(rules.version),
        "modules": [{"path": module.path, "text": module.text} for module in rules.modules],
    }


def activation_document(activation: PolicyActivation) -> JsonObject:
    """Spell an activation."""
    return {
        "number": activation.number,
        "scope": activation.scope,
        "version": activation.version,
        "reason": activation.reason,
        "activated_at": spelled_instant(activation.activated_at),
        "activated_by": activation.activated_by,
    }
