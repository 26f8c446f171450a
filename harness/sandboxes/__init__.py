"""Build the sandbox and the situation that a scenario lives in, sharing what can be shared.

environments  those that stand beside scenarios, with rules of their own
sandboxes     one compiled sandbox for each environment and selection of actions
situations    what a scenario gives and what was said
"""

from __future__ import annotations

from harness.sandboxes.environments import World, world_beside
from harness.sandboxes.sandboxes import Sandboxes
from harness.sandboxes.situations import at, conversation_of, situation_of

__all__ = ["Sandboxes", "World", "at", "conversation_of", "situation_of", "world_beside"]
