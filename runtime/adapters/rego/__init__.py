"""Evaluate Rego in child processes that can be killed, with the engine `regorus`."""
