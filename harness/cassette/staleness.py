"""Tell which recordings still answer what is asked today, without asking any model.

A dry pass drives the real planner with an `AddressProbe`; the report compares what it asked for
with what lies on the shelf.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from harness.cassette.address import Addresser
from harness.cassette.channel import Asked, Channel, Speaker, TrialModel, trial_model
from harness.cassette.player import Player
from harness.cassette.tape import Call
from harness.trial import TrialKey
from runtime.public import ModelError, ModelFault


@dataclass(slots=True)
class AddressProbe:
    """Note what the planner asks of a model, answer what is recorded, and refuse the rest.

    Attributes:
        asked: the requests of each trial, in their order.
    """

    player: Player
    asked: dict[TrialKey, list[Asked]] = field(default_factory=dict)

    def for_trial(self, key: TrialKey) -> TrialModel:
        """Return the probe as one trial sees it."""
        self.asked[key] = []
        speaker = Speaker(
            name=self.player.reference,
            offline=True,
            native_tools=self.player.native_tools(key.scenario),
        )
        return trial_model(
            Channel(
                key,
                speaker,
                addresser=Addresser(self.player.reference),
                recorded=self._noted,
                otherwise=self._refused,
            )
        )

    def _noted(self, asked: Asked) -> Call | None:
        self.asked[asked.key].append(asked)
        return self.player.find(asked)

    async def _refused(self, asked: Asked) -> Call:
        raise ModelError(
            ModelFault.UNAVAILABLE,
            model=self.player.reference,
            detail=f"only looked at: {asked.key.scenario}, trial {asked.key.index}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleTrial:
    """Name a trial whose recording does not answer what is asked today, and say why."""

    key: TrialKey
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleReport:
    """Say how current one model's recordings are.

    Attributes:
        current: trials that replay as recorded.
        stale: trials that were recorded, but are asked something else today.
        missing: trials of today that were never recorded.
        gone: recorded scenarios that no longer exist.
        beyond: recorded trials of scenarios that exist, which today's run does not do.
    """

    reference: str
    current: int
    stale: tuple[StaleTrial, ...]
    missing: tuple[StaleTrial, ...]
    gone: tuple[str, ...]
    beyond: tuple[TrialKey, ...]

    @property
    def fresh(self) -> bool:
        """Say whether today's run replays as it is."""
        return not self.stale and not self.missing


def stale_report(probe: AddressProbe, *, scenarios: Collection[str]) -> StaleReport:
    """Compare what a dry pass asked for with what is recorded.

    Args:
        probe: after the pass.
        scenarios: ids of all scenarios that exist, also of those that the pass left out.
    """
    player = probe.player
    lacking = {
        key: player.why_missing(asked[-1])
        for key, asked in probe.asked.items()
        if asked and player.find(asked[-1]) is None
    }
    told = [StaleTrial(key=key, why=why) for key, why in sorted(lacking.items())]
    recorded = set(player.recorded())
    return StaleReport(
        reference=player.reference,
        current=sum(
            key in recorded and key not in lacking for key, asked in probe.asked.items() if asked
        ),
        stale=tuple(item for item in told if item.key in recorded),
        missing=tuple(item for item in told if item.key not in recorded),
        gone=tuple(sorted({key.scenario for key in recorded} - set(scenarios))),
        beyond=tuple(
            sorted(key for key in recorded if key.scenario in scenarios and key not in probe.asked)
        ),
    )
