"""Answer from cassettes and from nothing else: no model, no network, the same answers every time.

A request that was not recorded is an error that says what changed since, never a live call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.cassette.address import Addresser
from harness.cassette.channel import Asked, Channel, Speaker, TrialModel, trial_model
from harness.cassette.shelf import Shelf, Trial, equal_address
from harness.cassette.tape import Call
from harness.trial import TrialKey
from runtime.public import ModelError, ModelFault


class CassetteMiss(ModelError):  # noqa: N818  # a miss is what it is called
    """A request that no cassette answers; asking again changes nothing."""


@dataclass(slots=True)
class Player:
    """Answer the trials of one model from a shelf; reads its cassettes when it is made.

    Raises:
        CassetteError: a cassette of the model can't be used.
    """

    shelf: Shelf
    reference: str
    _trials: dict[Trial, tuple[Call, ...]] = field(init=False)
    _native: dict[str, bool] = field(init=False)
    _addresser: Addresser = field(init=False)

    def __post_init__(self) -> None:
        self._trials = self.shelf.trials(self.reference)
        self._native = {
            scenario: cassette.header.native_tools
            for cassette in self.shelf.cassettes(self.reference).values()
            for scenario, _ in cassette.trials
        }
        self._addresser = Addresser(self.reference)

    def for_trial(self, key: TrialKey) -> TrialModel:
        """Return the recorded model as one trial sees it."""
        return trial_model(
            Channel(
                key,
                Speaker(
                    name=self.reference, offline=False, native_tools=self.native_tools(key.scenario)
                ),
                addresser=self._addresser,
                recorded=self.find,
                otherwise=self._miss,
            )
        )

    def native_tools(self, scenario: str) -> bool:
        """Say whether the model was given tools when a scenario was recorded."""
        return self._native.get(scenario, next(iter(self._native.values()), True))

    def find(self, asked: Asked) -> Call | None:
        """Return the recorded answer to a request; never one of another trial."""
        calls = self._trials.get((asked.key.scenario, asked.key.index), ())
        return equal_address(calls, asked.address, position=asked.position)

    def recorded(self) -> tuple[TrialKey, ...]:
        """Return the recorded trials."""
        return tuple(
            TrialKey(scenario=scenario, model=self.reference, index=index)
            for scenario, index in self._trials
        )

    def why_missing(self, asked: Asked) -> str:
        """Say why a request has no recorded answer: never recorded, or what changed since."""
        key = asked.key
        calls = self._trials.get((key.scenario, key.index))
        if calls is None:
            return self._never_recorded(key)
        if asked.position >= len(calls):
            return (
                f"call {asked.position + 1} was never recorded: the recorded trial ended after "
                f"{len(calls)}"
            )
        changes = asked.address.changes(calls[asked.position].address)
        return f"since the recording {' and '.join(changes) or 'its address changed'}"

    def _never_recorded(self, key: TrialKey) -> str:
        if not self._trials:
            return f"no call of this model was ever recorded in {self.shelf.folder}"
        indexes = sorted(index for scenario, index in self._trials if scenario == key.scenario)
        if not indexes:
            return "this scenario was never recorded"
        return f"this trial was never recorded, only {', '.join(map(str, indexes))}"

    async def _miss(self, asked: Asked) -> Call:
        key = asked.key
        raise CassetteMiss(
            ModelFault.UNAVAILABLE,
            model=self.reference,
            detail=f"no recorded answer for {key.scenario}, trial {key.index}, call "
            f"{asked.position + 1}: {self.why_missing(asked)}; record it with `plangate eval run "
            f"--record-missing --cassettes {self.shelf.folder} --model '{self.reference}'`",
        )
