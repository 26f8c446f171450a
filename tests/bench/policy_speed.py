"""Measure the embedded evaluator: one decision, a batch, and the loop while rules explode.

The rules are the shipped ones and an organization's with 100 roles over 200 actions: who may call
which action is a table of 6,000 pairs, once written as functions and once as an object. Every
answer is compared with what the table says. The bars, for the functions: a decision in at most
1.2 ms at p50 and 3 ms at p99, and a batch of 5 in less than 5 decisions.
Run it with `python -m tests.bench.policy_speed`; it exits with 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from statistics import median, quantiles
from typing import Final

from runtime.adapters.rego.evaluator import RegoEvaluator
from runtime.domain.policy_unit import PolicyUnit
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.policy import PolicyFaultError
from tests.policy_units import EXPLODING, ORGANIZATION, a_question, a_unit, answer_of

ROLES: Final = 100
ACTIONS: Final = 200
ACTIONS_A_ROLE: Final = 60
P50_BAR_MS: Final = 1.2
P99_BAR_MS: Final = 3.0
BATCH: Final = 5
WARM_UP: Final = 50
TICK_S: Final = 0.001
_DENIAL: Final = """
named if {{
\tsome role in input.principal.roles
\t{}
}}

deny contains {{"message": "a role of the table", "remedy": "ask for one"}} if not named
"""


class Company:
    """Hold an organization's table of roles and actions, and the units that have it."""

    def __init__(self, random: Random) -> None:
        self.actions = [f"noun.verb{number}@1" for number in range(ACTIONS)]
        self.table = {
            f"role{number}": sorted(random.sample(self.actions, ACTIONS_A_ROLE))
            for number in range(ROLES)
        }
        self.unit = _as_functions(self.table)
        self.object_unit = _as_object(self.table)
        self._random = random

    def question(self) -> tuple[JsonObject, bool]:
        """Return a question and whether it is allowed."""
        roles = self._random.sample(list(self.table), 2)
        action = self._random.choice(self.actions)
        question = a_question()
        question["principal"]["roles"] = [*roles, "operator"]
        question["action"]["id"] = action
        return question, any(action in self.table[role] for role in roles)


def _as_functions(table: Mapping[str, Sequence[str]]) -> PolicyUnit:
    """Write the table as a function with a rule for each role: the others are not looked at."""
    rules = "\n".join(
        f'may("{role}", action) if action in {_set(held)}' for role, held in table.items()
    )
    return a_unit(f"{ORGANIZATION}{rules}\n{_DENIAL.format('may(role, input.action.id)')}")


def _as_object(table: Mapping[str, Sequence[str]]) -> PolicyUnit:
    """Write the table as one object, which the engine builds anew for each question."""
    members = ",\n".join(f'"{role}": {_set(held)}' for role, held in table.items())
    return a_unit(
        f"{ORGANIZATION}may := {{\n{members},\n}}\n{_DENIAL.format('input.action.id in may[role]')}"
    )


def _set(names: Sequence[str]) -> str:
    return "{\n" + ",\n".join(f'"{name}"' for name in names) + ",\n}"


async def _timed(
    evaluator: RegoEvaluator, company: Company, unit: PolicyUnit, size: int, rounds: int
) -> list[float]:
    """Return the milliseconds of each call of some questions, of which every answer is right."""
    taken: list[float] = []
    for number in range(WARM_UP + rounds):
        asked = [company.question() for _ in range(size)]
        began = time.perf_counter()
        said = await evaluator.decide(unit, [question for question, _ in asked])
        took = (time.perf_counter() - began) * 1000
        wrong = [one for one, (_, right) in zip(said, asked, strict=True) if _allow(one) != right]
        if wrong:
            raise SystemExit(f"a wrong answer: {wrong[0]}")
        if number >= WARM_UP:
            taken.append(took)
    return taken


def _allow(said: JsonValue | PolicyFaultError) -> bool:
    return bool(answer_of(said)["allow"])


async def _stall_ms(evaluator: RegoEvaluator, *, explode: bool) -> float:
    """Return the longest time that the loop was away, while rules explode or for as long."""
    unit = a_unit(ORGANIZATION + EXPLODING, organization_id="exploding")

    async def wait() -> None:
        if not explode:
            await asyncio.sleep(1.0)
            return
        try:
            await evaluator.decide(unit, [a_question()])
        except PolicyFaultError as error:
            print(f"  the exploding rules ended with {error}")

    task = asyncio.create_task(wait())
    longest = 0.0
    while not task.done():
        began = time.perf_counter()
        await asyncio.sleep(TICK_S)
        longest = max(longest, time.perf_counter() - began - TICK_S)
    await task
    return longest * 1000


def _show(name: str, taken: Sequence[float]) -> tuple[float, float]:
    p50, p99 = median(taken), quantiles(taken, n=100)[98]
    print(f"{name:<34}{p50:>9.3f}{p99:>9.3f}{max(taken):>9.3f}")
    return p50, p99


async def _measured(rounds: int) -> int:
    evaluator = RegoEvaluator()
    company = Company(Random(7))
    try:
        began = time.perf_counter()
        await evaluator.ready()
        print(f"a child starts in {(time.perf_counter() - began) * 1000:.0f} ms")
        began = time.perf_counter()
        await evaluator.decide(company.unit, [company.question()[0]])
        size = len(company.unit.modules[-1].text)
        print(f"the table ({size} bytes) is read in {(time.perf_counter() - began) * 1000:.1f} ms")
        print(f"{'milliseconds':<34}{'p50':>9}{'p99':>9}{'most':>9}")
        shipped = await _plain(evaluator, rounds)
        _show("shipped rules alone", shipped)
        timed = partial(_timed, evaluator, company)
        p50, p99 = _show("100 roles x 200 actions", await timed(company.unit, 1, rounds))
        batch, _ = _show("a batch of 5", await timed(company.unit, BATCH, rounds))
        _show("the table as one object", await timed(company.object_unit, 1, rounds))
        print(f"a batch of 5 costs {batch / (p50 * BATCH):.2f} of 5 decisions")
        print("the loop was away for at most")
        print(f"  {await _stall_ms(evaluator, explode=False):.1f} ms with nothing to do")
        print(f"  {await _stall_ms(evaluator, explode=True):.1f} ms while rules exploded")
    finally:
        await evaluator.close()
    missed = p50 > P50_BAR_MS or p99 > P99_BAR_MS or batch >= p50 * BATCH
    print("a bar was missed" if missed else "all bars are held")
    return 1 if missed else 0


async def _plain(evaluator: RegoEvaluator, rounds: int) -> list[float]:
    taken: list[float] = []
    for number in range(rounds):
        question = a_question(plan={"index": number, "actions": []})
        began = time.perf_counter()
        await evaluator.decide(a_unit(), [question])
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000)
    return asyncio.run(_measured(parser.parse_args().rounds))


if __name__ == "__main__":
    sys.exit(main())
