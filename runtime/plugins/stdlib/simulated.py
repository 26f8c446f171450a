"""Stand in for machines that a built-in world does not have: acknowledge, and touch nothing.

A plugin for a real plant registers drivers under these names instead.
"""

from __future__ import annotations

from runtime.plugins.effects import Effect, EffectCall, EffectResult, EffectTools


async def _acknowledge(call: EffectCall, _tools: EffectTools) -> EffectResult:
    return EffectResult(document={"simulated": True, "action": call.action, "inputs": call.inputs})


def simulated(*names: str) -> tuple[Effect, ...]:
    """Return effects of these names that only say that they were asked for."""
    return tuple(Effect(name=name, handler=_acknowledge) for name in names)
