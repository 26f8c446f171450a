"""Test a plugin as the platform judges it: the door for authors, and of the command's check."""

from runtime.plugins.testing.conformance import check
from runtime.plugins.testing.inputs import sample_inputs

__all__ = ["check", "sample_inputs"]
