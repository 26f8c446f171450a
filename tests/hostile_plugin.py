"""Declare a yard whose effects are as bad as foreign code can be, for workers that are processes.

`yard.do` does what its inputs say: tell a receiver, and before that or instead of it segfault, end
the process, loop, hold the interpreter, take all memory, or take its time.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import resource
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from runtime.domain.action import Action, SideEffect
from runtime.domain.component import Component
from runtime.domain.retry import RetryPolicy
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Capabilities, Capability, Environment, Plugin
from runtime.plugins.effects import (
    Effect,
    EffectCall,
    EffectResult,
    EffectTools,
    HttpCall,
    RetryableError,
)

ENVIRONMENT: Final = "yard"
LONGEST_S: Final = 120.0
_MEMORY_BYTES: Final = 1_200 * 2**20

YARD: Final = Component(
    id="yard",
    title="Yard",
    description="How often something was asked for.",
    state_schema={
        "type": "object",
        "properties": {"asked": {"type": "integer", "minimum": 0}},
        "required": ["asked"],
        "additionalProperties": False,
    },
    initial_state={"asked": 0},
)
_INPUTS: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "how": {"type": "string"},
        "url": {"type": "string"},
        "seconds": {"type": "number"},
        "mark": {"type": "string"},
    },
    "required": ["how"],
    "additionalProperties": False,
}


def _asked(inputs: JsonObject, state: JsonObject) -> JsonObject:
    del inputs
    state["yard"]["asked"] += 1
    return state


def _action(name: str, effect: SideEffect) -> Action:
    return Action(
        id=f"yard.{name}@1",
        title=name,
        description=name,
        targets=("yard",),
        input_schema=_INPUTS,
        may_change=("/yard/asked",),
        side_effects=(effect,),
        handler=_asked,
        cost=0,
    )


async def _do(call: EffectCall, tools: EffectTools) -> EffectResult:
    how = str(call.inputs["how"])
    await HOW[how](call)
    url = call.inputs.get("url")
    if url is None:
        return EffectResult(document={"pid": os.getpid()})
    answer = await tools.egress.send(
        HttpCall(
            method="POST",
            url=str(url),
            headers={"Idempotency-Key": call.idempotency_key},
            body=str(call.inputs.get("mark", "")).encode(),
        )
    )
    if answer.status >= 300:
        raise RetryableError(f"it answered {answer.status}")
    return EffectResult(document={"pid": os.getpid(), "status": answer.status})


async def _post(_: EffectCall) -> None:
    """Do nothing before."""


async def _wait(call: EffectCall) -> None:
    await asyncio.sleep(float(call.inputs.get("seconds", 0)))


async def _segfault(_: EffectCall) -> None:
    ctypes.string_at(0)


async def _exit(_: EffectCall) -> NoReturn:
    os._exit(3)


async def _loop(_: EffectCall) -> NoReturn:
    while True:
        pass


async def _hold(_: EffectCall) -> None:
    """Hold the interpreter: no other thread of the process runs."""
    re.match(r"(a+)+$", "a" * 64 + "b")


async def _eat(_: EffectCall) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    eaten = []
    try:
        while True:
            eaten.append(bytearray(2**24))
    except MemoryError:  # where the kernel would kill
        os.kill(os.getpid(), 9)


async def _grow(_: EffectCall) -> None:
    """Keep 128 MB for as long as the process lives."""
    KEPT.append(bytearray(os.urandom(2**20)) * 128)


KEPT: Final[list[bytearray]] = []
HOW: Final[dict[str, Callable[[EffectCall], Awaitable[None]]]] = {
    "post": _post,
    "wait": _wait,
    "segfault": _segfault,
    "exit": _exit,
    "loop": _loop,
    "hold": _hold,
    "eat": _eat,
    "grow": _grow,
}

PLUGIN: Final = Plugin(
    id=ENVIRONMENT,
    version="1",
    components=(YARD,),
    actions=(
        _action("do", SideEffect(job="yard.do", description="Does it.")),
        _action("stack", SideEffect(job="yard.do", description="Does it.", serial="stack")),
        _action("strange", SideEffect(job="yard.unknown", description="Nobody knows.")),
    ),
    environments=(Environment(id=ENVIRONMENT, title="Yard", description="A yard."),),
    capabilities=Capabilities(
        uses=frozenset({Capability.NETWORK}), hosts=("127.0.0.1",), effects=("yard.unknown",)
    ),
    effects=(
        Effect(
            name="yard.do",
            handler=_do,
            start_to_close_s=LONGEST_S,
            retries=RetryPolicy(errors=20, base_s=0.2, cap_s=1.0),
        ),
    ),
)
