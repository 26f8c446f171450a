"""The app opens its model when it starts, and does not start with one that it can't open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.app import create_app
from runtime.ports.chat_model import ModelError
from runtime.ports.model_reference import ModelReferenceError
from runtime.settings import ServiceSettings
from tests.servers.openai_stub import openai_stub
from tests.unit.runtime.entrypoints.rest.platform import ask, said

Offer = Callable[[str], None]

MODULE = """
from runtime.ports.chat_model import Completion, TokenUsage, ToolCall

class Three:
    async def answer(self, model, request, options):
        call = ToolCall(id="c", name="counter_set", arguments='{"value": 3}')
        return Completion(text="", tool_calls=(call,), finish_reason="stop", usage=TokenUsage(),
                          cost_micros=0, model=model)
"""


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Install a distribution that offers an offline model under a name."""
    (tmp_path / "sample_models.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def add(name: str) -> None:
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        declared = f"[plangate.models]\n{name} = sample_models:Three\nbroken = nowhere:At\n"
        (folder / "entry_points.txt").write_text(declared)

    return add


async def test_an_offline_model_of_a_distribution_is_asked(offer: Offer) -> None:
    """Only the one that is named is loaded; a broken one beside it is nobody's business."""
    offer("three")
    app = create_app(ServiceSettings(model="plangate/three"))

    async with app.router.lifespan_context(app):
        answered = await ask(app, document=said())

    assert answered.status == 200
    assert answered.json["proposal"]["plan"]["steps"][0]["inputs"] == {"value": 3}


async def test_without_a_model_the_platform_starts() -> None:
    """Its other routes need none."""
    app = create_app(ServiceSettings())

    async with app.router.lifespan_context(app):
        answered = await ask(app, "/v1/environments", method="GET")

    assert {"counter", "helpdesk"} <= {item["id"] for item in answered.json["items"]}


@pytest.mark.parametrize(
    ("model", "error"),
    [
        pytest.param("nonsense", ModelReferenceError, id="no reference"),
        pytest.param("plangate/nobody", ModelReferenceError, id="offline, and not installed"),
        pytest.param("openai/m?transport=http", ModelError, id="no key"),
    ],
)
async def test_a_model_that_can_not_be_opened_keeps_it_from_starting(
    model: str, error: type[Exception]
) -> None:
    """Whoever starts it learns at once."""
    app = create_app(ServiceSettings(model=model))

    with pytest.raises(error):
        async with app.router.lifespan_context(app):
            raise AssertionError


async def test_the_references_own_retries_hold() -> None:
    """A provider that fails is asked as often as the reference says."""
    async with openai_stub() as stub:
        base = f"transport=http&api_base={stub.base}"
        app = create_app(ServiceSettings(model=f"openai/status-500?{base}&retries=0"))
        async with app.router.lifespan_context(app):
            answered = await ask(app, document=said())

    assert (answered.status, answered.code) == (502, "model_failed")
    assert stub.served["status-500"] == 1
