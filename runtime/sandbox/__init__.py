"""Propose and simulate in one environment, with the agent and the engine that production uses.

consents   the yes of people whom a situation supposes to be there
rules      what decides about steps: the shipped table, or rules of an organization
sandbox    one environment, compiled
situation  the moment of a proposal or a simulation
"""

from __future__ import annotations

from runtime.sandbox.rules import StepRules
from runtime.sandbox.sandbox import Sandbox
from runtime.sandbox.situation import SANDBOX_PROJECT, Situation

__all__ = ["SANDBOX_PROJECT", "Sandbox", "Situation", "StepRules"]
