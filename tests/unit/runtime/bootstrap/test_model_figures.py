"""Figures tell what models were asked, by model and kind, and of no tenant."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from runtime.bootstrap.model_figures import MOST_MODELS, ModelFigures
from runtime.ports.chat_model import TokenUsage


def test_tokens_and_cost_are_counted_by_model_and_kind() -> None:
    """With what came of each attempt, and which circuits are open."""
    registry = CollectorRegistry()
    figures = ModelFigures(registry)
    usage = TokenUsage(prompt=10, completion=3, cached=1)

    figures.asked("openai/gpt", "answered")
    figures.asked("openai/gpt", "timeout")
    figures.spent("openai/gpt", usage, cost_micros=7)
    figures.spent("openai/gpt", usage, cost_micros=None)
    figures.circuit("openai/gpt", opened=True)
    figures.circuit("openai/gpt", opened=True)
    figures.circuit("openai/gpt", opened=False)
    figures.failed("settle", ValueError("hunter2"))

    told = generate_latest(registry).decode().splitlines()
    for line in (
        'plangate_model_attempts_total{model="openai/gpt",result="answered"} 1.0',
        'plangate_model_attempts_total{model="openai/gpt",result="timeout"} 1.0',
        'plangate_model_tokens_total{kind="prompt",model="openai/gpt"} 20.0',
        'plangate_model_tokens_total{kind="completion",model="openai/gpt"} 6.0',
        'plangate_model_tokens_total{kind="cached",model="openai/gpt"} 2.0',
        'plangate_model_cost_micros_total{model="openai/gpt"} 7.0',
        'plangate_model_circuits_open{model="openai/gpt"} 1.0',
        'plangate_model_failures_total{what="settle"} 1.0',
    ):
        assert line in told


def test_no_more_models_are_told_apart_than_fit() -> None:
    """Organizations may name many; the others are one."""
    registry = CollectorRegistry()
    figures = ModelFigures(registry)

    for number in range(MOST_MODELS + 5):
        figures.asked(f"openai/{number}", "answered")
    figures.asked("openai/0", "answered")

    told = generate_latest(registry).decode()
    assert 'model="other",result="answered"} 5.0' in told
    assert 'model="openai/0",result="answered"} 2.0' in told
