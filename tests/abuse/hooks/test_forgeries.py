"""Nobody makes a hook act without a secret of it, and nobody learns which hooks there are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from runtime.domain.hook import HookPlace, read_address, spelled_address
from runtime.domain.hook_mapping import MOST_BODY_BYTES
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from tests.hooks import BY_TWO, STYLES, HookSite, MadeHook, now
from tests.signing_hooks import Headers

OTHER_SECRETS = {
    "standard-webhooks": "whsec_" + "QUJD" * 11,
    "github": "guess-guess-guess-guess",
    "stripe": "whsec_guess-guess-guess",
}
SHOWN = frozenset({"x-request-id"})


def replaced(headers: Headers, change: Callable[[str], str]) -> Headers:
    """Change every value that holds a signature."""
    return [(name, change(value) if "signature" in name else value) for name, value in headers]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda hook: [], id="unsigned"),
        pytest.param(
            lambda hook: hook.signed(BY_TWO, secret=OTHER_SECRETS[hook.document["style"]]),
            id="another secret",
        ),
        pytest.param(lambda hook: hook.signed(BY_TWO + b" "), id="another body"),
        pytest.param(lambda hook: replaced(hook.signed(BY_TWO), lambda _: ""), id="empty"),
        pytest.param(
            lambda hook: replaced(hook.signed(BY_TWO), lambda text: text.replace("v1", "v0")),
            id="another version",
        ),
        pytest.param(lambda hook: hook.signed(BY_TWO) * 2, id="each header twice"),
        pytest.param(
            lambda hook: [("authorization", f"Bearer {hook.secret}")], id="the secret as a token"
        ),
    ],
)
async def test_what_no_secret_signed_is_refused(
    hook_site: HookSite, style: str, forge: Callable[[MadeHook], Headers]
) -> None:
    """In every style, and nothing is stored of it."""
    hook = await hook_site.hook(style)
    headers = forge(hook)
    if style == "github" and headers == hook.signed(BY_TWO):
        return  # GitHub's style has no version to change

    answer = await hook_site.deliver(hook.path, BY_TWO, headers)

    assert (answer.status, answer.code) == (401, "delivery_refused")
    assert await hook_site.deliveries(hook) == []
    assert await hook_site.counter() == 1


async def test_a_forgery_is_answered_like_a_hook_that_is_not_there(hook_site: HookSite) -> None:
    """Byte by byte: neither its address nor its style nor that it is disabled is told."""
    hook, disabled = await hook_site.hook("github"), await hook_site.hook("stripe")
    await hook_site.call("PATCH", disabled.own_path, {"enabled": False})
    ids = Ids(SystemClock())
    nothing = HookPlace(organization_id=hook_site.owner.organization, hook_id=ids.new("hok"))
    nowhere = HookPlace(organization_id=ids.new("org"), hook_id=ids.new("hok"))
    paths = [
        hook.path,
        disabled.path,
        f"/v1/hooks/{spelled_address(nothing)}",
        f"/v1/hooks/{spelled_address(nowhere)}",
        "/v1/hooks/hook_guess",
        f"/v1/hooks/{hook.document['id']}",
    ]

    answers = [await hook_site.deliver(path, BY_TWO, [("webhook-id", "m")]) for path in paths]

    told = {
        (answer.status, answer.body, frozenset(set(answer.headers.items()) - named(answer.headers)))
        for answer in answers
    }
    assert len(told) == 1


def named(headers: Any) -> set[tuple[str, str]]:  # noqa: ANN401  # of any answer
    """Return the headers that differ for each request."""
    return {(name, value) for name, value in headers.items() if name in SHOWN}


@pytest.mark.parametrize("style", ["standard-webhooks", "stripe"])
@pytest.mark.parametrize("off", [timedelta(minutes=-6), timedelta(minutes=6)])
async def test_a_delivery_of_another_time_is_refused(
    hook_site: HookSite, style: str, off: timedelta
) -> None:
    """However rightly it was signed then."""
    hook = await hook_site.hook(style)

    answer = await hook_site.deliver(hook.path, BY_TWO, hook.signed(BY_TWO, at=now() + off))

    assert (answer.status, answer.code) == (403, "delivery_stale")
    assert await hook_site.counter() == 1
    assert await hook_site.deliveries(hook) == []


async def test_a_body_too_large_is_not_looked_at(hook_site: HookSite) -> None:
    """Signed or not."""
    hook = await hook_site.hook()
    body = b'{"by": 2, "pad": "' + b"x" * MOST_BODY_BYTES + b'"}'

    answer = await hook_site.deliver(hook.path, body, hook.signed(body))

    assert (answer.status, answer.code) == (413, "body_too_large")
    assert await hook_site.deliveries(hook) == []


async def test_another_hooks_secret_opens_nothing(hook_site: HookSite) -> None:
    """Of the same project, of another organization, and under an address made of both."""
    hook, beside = await hook_site.hook(), await hook_site.hook()
    foreign_owner = await hook_site.app.found()
    foreign_project = await hook_site.app.project(foreign_owner)
    foreign = await HookSite(
        app=hook_site.app,
        owner=foreign_owner,
        project=f"/v1/projects/{foreign_project['id']}",
    ).hook()
    mixed = HookPlace(organization_id=foreign_owner.organization, hook_id=str(hook.document["id"]))

    for path in (hook.path, f"/v1/hooks/{spelled_address(mixed)}"):
        for other in (beside, foreign):
            headers = hook.signed(BY_TWO, secret=other.secret)
            answer = await hook_site.deliver(path, BY_TWO, headers)
            assert (answer.status, answer.code) == (401, "delivery_refused")

    assert await hook_site.counter() == 1
    place = read_address(hook.path.rpartition("/")[2])
    assert place is not None
    assert place.organization_id == hook_site.owner.organization


async def test_a_stolen_secret_that_is_copied_onto_a_hook_opens_nothing(
    hook_site: HookSite,
) -> None:
    """Whoever can write the tables, and has no key of the server, can't sign for a hook."""
    victim, own = await hook_site.hook(), await hook_site.hook()
    await hook_site.changed(
        "update hook_secrets set sealed = "
        "(select sealed from hook_secrets where hook_id = $2) where hook_id = $1",
        victim.document["id"],
        own.document["id"],
    )

    answer = await hook_site.deliver(victim.path, BY_TWO, victim.signed(BY_TWO, secret=own.secret))

    assert answer.status == 401
    assert await hook_site.counter() == 1


async def test_who_guesses_waits_and_who_is_known_goes_on(hook_site: HookSite) -> None:
    """From one address; a hook that believed a delivery is not held up by others' guesses."""
    hook, fresh = await hook_site.hook(), await hook_site.hook()
    client = ("192.0.2.9", 4711)
    await hook_site.delivered(hook)

    statuses = [
        (await hook_site.deliver("/v1/hooks/hook_guess", b"{}", [], client=client)).status
        for _ in range(70)
    ]
    held_up = await hook_site.deliver(fresh.path, BY_TWO, fresh.signed(BY_TWO), client=client)
    goes_on = await hook_site.deliver(
        hook.path, BY_TWO, hook.signed(BY_TWO, named="msg_2"), client=client
    )

    assert set(statuses) == {401, 429}
    assert held_up.status == 429
    assert int(held_up.header("retry-after") or 0) >= 1
    assert goes_on.status == 200
