"""Ship the rules that hold in every organization, as Rego beside this file, with their tests."""

from runtime.policies.shipped import shipped_modules, shipped_tests

__all__ = ["shipped_modules", "shipped_tests"]
