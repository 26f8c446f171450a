"""Run a support desk: tickets, customers, refunds with money limits, shifts and escalation."""

from runtime.plugins.stdlib.helpdesk.plugin import PLUGIN

__all__ = ["PLUGIN"]
