"""Open a live target: check that it runs the same actions, then let it propose, trial by trial.

What it proposes is scored here, in the engine, as a model's plans are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn

from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.settings import released_version
from harness.target.address import TargetError, reference_of, target_url, url_of
from harness.target.link import Link
from harness.target.wire import (
    Comparability,
    UnreadableAnswerError,
    body_of,
    read_answer,
    read_listing,
)
from runtime.public import (
    ChatRequest,
    ModelError,
    ModelFault,
    Patience,
    Proposed,
    Sandbox,
)

TOKEN = "PLANGATE_EVAL_TOKEN"  # noqa: S105  # the variable's name
LONGEST_S = 150.0
"""The platform gives a proposal up after 120 s; what it says then should still arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Propose by asking a running platform; stands where a model stands in a run.

    Attributes:
        name: the reference, `target+URL`.
        label: what reports call it.
        environments: what the platform said when the run began of the environment that scenarios
            live in; of the installed one, where a file beside them changes it.
        conditions: what must be equal to compare it with another run of it.
    """

    name: str
    label: str
    link: Link
    patience: Patience
    environments: Mapping[str, Comparability]
    conditions: Mapping[str, str]

    @property
    def offline(self) -> bool:
        """Say no: the platform's model may cost money and time."""
        return False

    @property
    def native_tools(self) -> bool:
        """Say yes; what the platform's model takes is the platform's to know."""
        return True

    async def complete(self, request: ChatRequest) -> NoReturn:  # noqa: ARG002  # as ChatModel does
        """Refuse: a platform proposes plans, it completes no chats.

        Raises:
            ModelError: always.
        """
        raise self.link.fault(ModelFault.UNAVAILABLE, "a live target proposes, it does not chat")

    async def propose(self, prepared: PreparedScenario, job: TrialJob) -> Proposed:
        """Return what the platform proposes in a scenario.

        Raises:
            ModelError: no usable answer came within the retries, or one of another platform than
                the run began with.
        """
        heard = await self.link.ask(
            ("v1", "environments", prepared.sandbox.environment.id, "proposals:evaluate"),
            body_of(prepared, seed=job.seed),
            patience=self.patience,
            seed=job.seed,
        )
        try:
            proposed, made_with = read_answer(heard.body)
        except UnreadableAnswerError as error:
            detail = f"an answer that is no proposal: {error}"
            raise self.link.fault(ModelFault.MALFORMED, detail) from error
        self._check_same(prepared, made_with)
        return replace(proposed, retries=proposed.retries + heard.retries)

    async def close(self) -> None:
        """Release connections."""
        await self.link.close()

    def _check_same(self, prepared: PreparedScenario, found: Comparability) -> None:
        """Refuse an answer of a platform that was exchanged while the run went on."""
        expected = self.environments[prepared.scenario.environment]
        if prepared.scenario.given.actions:  # they have a registry, and so a prompt, of their own
            expected = found.model_copy(update={"registry": prepared.sandbox.registry.digest})
        if found != expected:
            raise self.link.fault(
                ModelFault.UNAVAILABLE,
                f"the platform changed: it has {_shown(found)}, the run began with "
                f"{_shown(expected)}; start a new run",
            )


def open_target(
    url: str,
    scenarios: Iterable[PreparedScenario],
    *,
    token: str | None,
    patience: Patience | None = None,
    timeout_s: float = LONGEST_S,
) -> Target:
    """Check a platform and return it, ready to be asked; not to be called inside an event loop.

    Args:
        url: what stands before /v1.
        scenarios: what is going to be replayed.
        token: what the platform's evaluation door takes; from `PLANGATE_EVAL_TOKEN`.
        patience: bounds of asking again.
        timeout_s: how long one answer may take.

    Raises:
        TargetError: the address is none, nobody answers there as a platform does, the token is
            refused, or an environment is missing or has other actions.
    """
    asked = patience or Patience()
    name = reference_of(url)
    link = Link(target_url(url), name=name, token=token or None, timeout_s=timeout_s)
    found = asyncio.run(_environments(link, asked))
    wanted = {item.scenario.environment: item.sandbox for item in scenarios}
    for _, sandbox in sorted(wanted.items()):
        _check(name, sandbox, found=found)
    heard = {key: found[sandbox.environment.id] for key, sandbox in wanted.items()}
    return Target(
        name=name,
        label=f"live target {url_of(name)}",
        link=link,
        patience=asked,
        environments=heard,
        conditions=_conditions(heard),
    )


async def _environments(link: Link, patience: Patience) -> dict[str, Comparability]:
    try:
        heard = await link.ask(("v1", "environments"), None, patience=patience)
        return read_listing(heard.body)
    except ModelError as error:
        hint = f"; set {TOKEN} here to the platform's" if _closed(error) else ""
        raise TargetError(f"{error}{hint}") from error
    except UnreadableAnswerError as error:
        raise TargetError(f"what answers there is no platform of this version: {error}") from error
    finally:
        await link.close()


def _closed(error: ModelError) -> bool:
    return error.fault is ModelFault.UNAUTHORIZED


def _check(name: str, sandbox: Sandbox, *, found: Mapping[str, Comparability]) -> None:
    """Refuse a platform that lacks an environment or runs other actions in it."""
    environment = sandbox.environment.id
    if environment not in found:
        known = ", ".join(sorted(found)[:20]) or "none"
        raise TargetError(
            f"{name} has no environment '{environment}', which scenarios live in; it has: {known}"
        )
    here = Sandbox.of(sandbox.plugin, sandbox.environment).registry.digest
    there = found[environment].registry
    if here != there:
        raise TargetError(
            f"{name} runs other actions in environment '{environment}': its registry is {there}, "
            f"the one here is {here}; install the same plugins on both sides"
        )


def _conditions(environments: Mapping[str, Comparability]) -> dict[str, str]:
    """Say what must be equal to compare: the prompt that the platform asks with, not the one here.

    The names of prompts are those of the manifest's own, which they replace for this contender.
    """
    found = {
        "sampling": "the target's own",
        "prices": "the target's own",
        "versions": f"plangate {released_version()}",
    }
    for environment, item in environments.items():
        found[f"{environment}.prompt"] = item.prompt
        found[f"{environment}.target plugin"] = item.plugin
        found[f"{environment}.target policy"] = item.policy
    return found


def _shown(item: Comparability) -> str:
    return f"registry {item.registry}, prompt {item.prompt}, {item.plugin}, policy {item.policy}"
