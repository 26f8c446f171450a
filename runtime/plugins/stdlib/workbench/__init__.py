"""Try prompts on local models: choose and load one, write a prompt, run it."""

from runtime.plugins.stdlib.workbench.plugin import PLUGIN

__all__ = ["PLUGIN"]
