"""Which plugins are served: admitted, of a known contract, sound, and of no clash."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from runtime.domain.principal import Principal
from runtime.kit.clock import SystemClock
from runtime.plugins.admission import ADMIT_ALL, Admission, read_admission
from runtime.plugins.declarations import own_ids
from runtime.plugins.effects import (
    Effect,
    EffectCall,
    EffectResult,
    EffectTools,
    PermanentError,
)
from runtime.plugins.host import PluginReport, Standing, clash, examine
from runtime.plugins.isolation import HandlerRoom
from tests.hostile_plugins import HOSTILE, healthy, install_healthy, install_hostile
from tests.jobs import NoEgress, NoSecrets
from tests.wheels import install_module


def foreign(admission: Admission = ADMIT_ALL) -> dict[str, PluginReport]:
    """Examine what is installed; return what became of what is not built in, by distribution."""
    return {
        report.offer.distribution: report
        for report in examine(admission)
        if not report.offer.built_in
    }


def test_hostile_plugins_are_quarantined_and_the_others_are_served(installed: Path) -> None:
    """Each has its own reason; the healthy one and all built-in ones are there."""
    for name in HOSTILE:
        install_hostile(installed, name)
    install_healthy(installed, "otter")

    patient = Admission(everything=True, probe_s=6.0)  # memory is given slowly on a busy machine

    reports = {report.offer.name: report for report in examine(patient)}

    assert reports["otter"].standing is Standing.SERVED
    assert reports["counter"].standing is Standing.SERVED
    for name, (_, reason) in HOSTILE.items():
        assert reports[name].standing is Standing.QUARANTINED, name
        assert reason in reports[name].reason
        assert reports[name].plugin is None
        assert f"{name}_plugin" not in sys.modules


def test_what_is_not_admitted_is_not_even_probed(installed: Path) -> None:
    """Its module is imported by no process."""
    proof = installed / "imported"
    install_module(installed, "otter", f"open({str(proof)!r}, 'w')\n")

    found = foreign(read_admission("other"))["dist-otter"]

    assert found.standing is Standing.NOT_ADMITTED
    assert "does not name dist-otter" in found.reason
    assert not proof.exists()


def test_another_contract_is_refused_before_the_import(installed: Path) -> None:
    """Metadata are enough to say so."""
    install_module(installed, "otter", "import os; os._exit(1)", contract="2.0")

    found = foreign()["dist-otter"]

    assert found.standing is Standing.QUARANTINED
    assert "written for contract 2.0" in found.reason


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("component", 'id="otter",\n            title', 'id="counter",\n            title'),
        ("action", "otter.add@1", "counter.set@7"),
        ("environment", 'Environment(id="otter"', 'Environment(id="counter"'),
        ("plugin", 'PLUGIN = Plugin(\n    id="otter"', 'PLUGIN = Plugin(\n    id="counter"'),
    ],
)
def test_an_id_of_the_platform_is_not_taken(installed: Path, kind: str, old: str, new: str) -> None:
    """Another version of a known action would shadow it; both owners are named."""
    code = healthy("otter").replace(old, new)
    if kind == "component":
        code = code.replace('("otter",)', '("counter",)').replace("/otter/", "/counter/")
    install_module(installed, "otter", code)

    reports = {report.offer.name: report for report in examine(ADMIT_ALL)}

    assert reports["otter"].standing is Standing.QUARANTINED
    assert f"the {kind} 'counter" in reports["otter"].reason
    assert "plugin 'counter' (plangate " in reports["otter"].reason
    assert "plugin 'otter' (dist-otter 1)" in reports["otter"].reason
    assert reports["counter"].standing is Standing.SERVED


def test_of_two_that_clash_neither_is_served(installed: Path) -> None:
    """Which of them was meant nobody can say; a third is served."""
    code = healthy("otter")
    install_module(installed, "otter", code)
    install_module(
        installed,
        "beaver",
        code.replace('    id="otter",\n    version', '    id="b",\n    version'),
    )
    install_healthy(installed, "lion")

    found = foreign()

    for name in ("dist-otter", "dist-beaver"):
        assert found[name].standing is Standing.QUARANTINED
        assert "plugin 'beaver' (dist-beaver 1)" in found[name].reason
        assert "plugin 'otter' (dist-otter 1)" in found[name].reason
    assert found["dist-lion"].standing is Standing.SERVED


def test_of_two_that_offer_one_name_neither_is_served(installed: Path) -> None:
    """Both owners are named; one that is not admitted is nobody's rival."""
    install_healthy(installed, "otter")
    install_module(installed, "otter", healthy("beaver"), owner="rival")

    both, one = foreign(), foreign(read_admission("dist-otter"))

    assert "'otter' is offered by dist-otter 1 and by rival 1" in both["dist-otter"].reason
    assert "'otter' is offered by rival 1 and by dist-otter 1" in both["rival"].reason
    assert one["dist-otter"].standing is Standing.SERVED


def test_the_name_of_a_built_in_plugin_is_taken(installed: Path) -> None:
    """Whoever offers it is quarantined; the built-in one goes on."""
    install_module(installed, "counter", healthy("otter"))

    reports = [report for report in examine(ADMIT_ALL) if report.offer.name == "counter"]

    assert {report.offer.built_in: report.standing for report in reports} == {
        True: Standing.SERVED,
        False: Standing.QUARANTINED,
    }


def test_a_plugin_that_is_another_in_this_process_is_quarantined(installed: Path) -> None:
    """What was probed is what is served, or nothing is."""
    code = "import sys\n" + healthy("otter").replace(
        'description="Adds."',
        'description="Adds." if "pytest" not in sys.modules else "Adds everything."',
    )
    install_module(installed, "otter", code)

    found = foreign()["dist-otter"]

    assert found.standing is Standing.QUARANTINED
    assert found.reason == "it declares other things in this process than in its probe"


@pytest.mark.parametrize(
    ("isolates", "declares", "isolated"),
    [(False, False, False), (True, False, True), (False, True, True)],
)
def test_handlers_are_isolated_where_anybody_asks_for_it(
    installed: Path, *, isolates: bool, declares: bool, isolated: bool
) -> None:
    """The plugin for itself, or an operator for all."""
    code = healthy("otter")
    if declares:
        code = code.replace(
            '    version="1",\n', '    version="1",\n    isolation=Isolation.PROCESS,\n', 1
        )
        code = code.replace("import Environment, Plugin", "import Environment, Isolation, Plugin")
    install_module(installed, "otter", code)

    found = foreign(Admission(everything=True, isolates=isolates))["dist-otter"]

    assert found.plugin is not None
    handler = found.plugin.actions[0].handler
    assert handler.__qualname__.startswith(HandlerRoom.__name__) is isolated


EFFECT = """
from runtime.plugins.effects import Effect, EffectResult, HttpCall

async def ring(call, tools):
    await tools.egress.send(HttpCall(method="GET", url="https://a.example/"))
    return EffectResult()
"""


def test_effects_of_a_served_plugin_are_bounded(installed: Path) -> None:
    """It declares nothing, so it is given nothing, whatever the worker has."""
    code = EFFECT + healthy("otter").replace(
        '    version="1",\n',
        '    version="1",\n    effects=(Effect(name="otter.ring", handler=ring),),\n',
        1,
    )
    install_module(installed, "otter", code)
    found = foreign()["dist-otter"].plugin
    assert found is not None
    (effect,) = found.effects

    with pytest.raises(PermanentError, match="'otter' does not declare the capability 'network'"):
        asyncio.run(_handled(effect))


async def _handled(effect: Effect) -> EffectResult:
    tools = EffectTools(clock=SystemClock(), egress=NoEgress(), secrets=NoSecrets())
    call = EffectCall(
        job_id="job",
        idempotency_key="job",
        organization="o",
        project="p",
        principal=Principal(id="m", organization="o", roles=()),
        outcome_id="out",
        step=0,
        action="otter.add@1",
        inputs={},
        diff=(),
        attempt=1,
        payload={},
    )
    return await effect.handler(call, tools)


def test_a_clash_is_told_of_what_is_not_installed_too(installed: Path) -> None:
    """A wheel is compared with what is served; with itself it has no clash."""
    install_healthy(installed, "otter")
    reports = examine(ADMIT_ALL)
    (otter,) = (report for report in reports if report.offer.name == "otter")
    (counter,) = (report for report in reports if report.offer.name == "counter")
    assert otter.plugin is not None

    ids = tuple(own_ids(otter.plugin))

    assert clash(otter.offer, ids, beside=reports) == ()
    assert len(clash(counter.offer, ids, beside=reports)) == len(ids)
