"""Offer the contract of side effects to plugins: the one door to what a handler needs.

An action names the jobs that follow its commit; a plugin registers an `Effect` under such a name.
"""

from __future__ import annotations

from runtime.domain.retry import DEFAULT_RETRIES, RetryPolicy
from runtime.ports.effect import (
    EFFECT_NAME,
    LONGEST_TIMEOUT_S,
    Effect,
    EffectCall,
    EffectHandler,
    EffectResult,
    Effects,
    EffectTools,
    effects_by_name,
)
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import Egress, HttpAnswer, HttpCall
from runtime.ports.mail import Mail, Mailer
from runtime.ports.page_reader import Page, PageReader
from runtime.ports.secret_source import Secret, SecretSource

__all__ = [
    "DEFAULT_RETRIES",
    "EFFECT_NAME",
    "LONGEST_TIMEOUT_S",
    "Effect",
    "EffectCall",
    "EffectHandler",
    "EffectResult",
    "EffectTools",
    "Effects",
    "Egress",
    "HttpAnswer",
    "HttpCall",
    "Mail",
    "Mailer",
    "Page",
    "PageReader",
    "PermanentError",
    "RetryPolicy",
    "RetryableError",
    "Secret",
    "SecretSource",
    "effects_by_name",
]
