"""Check what the charts over runs show."""

from harness.dashboard.card import RunCard, RunState
from harness.dashboard.trends import MOST_RUNS, trends_of
from runtime.public import JsonValue
from tests.unit.harness.dashboard.builders import a_card, a_model_card


def a_reached(run: str, **changes: JsonValue) -> RunCard:
    """Build a finished run of one model."""
    return a_card(run, models=(a_model_card(**changes),))


def test_a_line_joins_runs_with_the_same_key() -> None:
    """The run between, of other scenarios, is drawn pale and is passed over."""
    cards = (
        a_reached("c", pass_rate=0.95),
        a_reached("b", suite_digest="sha256:other"),
        a_reached("a", pass_rate=0.85),
    )
    (trend,) = trends_of(cards, {})
    first, between, last = trend.dots

    assert [dot.card.run for dot in trend.dots] == ["a", "b", "c"]
    assert [dot.comparable for dot in trend.dots] == [True, False, True]
    assert (first.joined, between.joined) == (None, None)
    assert last.joined == (first.x, first.y)


def test_other_conditions_are_another_key() -> None:
    """The same scenarios under another prompt are not joined either."""
    (trend,) = trends_of((a_reached("b"), a_reached("a", comparability="sha256:other")), {})

    assert trend.latest.joined is None
    assert not trend.dots[0].comparable


def test_a_higher_rate_is_higher_up() -> None:
    """Places run from the top down, and the interval encloses the dot."""
    (trend,) = trends_of((a_reached("b", pass_rate=0.95), a_reached("a", pass_rate=0.7)), {})
    low, high = trend.dots

    assert high.y < low.y
    assert high.high < high.y < high.low
    assert low.x < high.x


def test_only_finished_runs_with_a_rate_are_points() -> None:
    """What goes on, broke off or has no scored trial is no point in time."""
    cards = (
        a_card("a", state=RunState.RUNNING),
        a_card("b", state=RunState.STOPPED),
        a_reached("c", pass_rate=None, interval=None),
    )

    assert trends_of(cards, {}) == ()


def test_a_point_without_an_interval_has_none() -> None:
    """Both ends lie on the dot."""
    (trend,) = trends_of((a_reached("a", interval=None),), {})

    assert trend.latest.low == trend.latest.high == trend.latest.y


def test_the_champion_is_marked_at_its_model_only() -> None:
    """Another model of the blessed run was not blessed."""
    card = a_card("a", models=(a_model_card("m/one"), a_model_card("m/two")))
    one, two = trends_of((card,), {"m/one": "a"})

    assert one.latest.champion
    assert not two.latest.champion


def test_old_runs_are_left_out_and_counted() -> None:
    """The latest stay."""
    cards = tuple(a_reached(f"run_{number:03}") for number in range(MOST_RUNS + 4, 0, -1))
    (trend,) = trends_of(cards, {})

    assert (len(trend.dots), trend.left_out) == (MOST_RUNS, 4)
    assert trend.latest.card.run == f"run_{MOST_RUNS + 4:03}"
