"""People see what was delivered and what was answered, and have it delivered again."""

from __future__ import annotations

from runtime.kit.json_value import JsonObject
from tests.webhook_site import WebhookSite


async def test_a_test_waits_for_the_webhook_alone(site: WebhookSite) -> None:
    """Whatever it listens to; nobody else is told of it."""
    made, other = await site.make(filter={"types": ["job.*"]}), await site.make()

    answer = await site.call("POST", made, ":ping")

    [known] = await site.deliveries(made)
    assert known == answer.json
    assert (known["type"], known["cause"], known["status"]) == ("endpoint.ping", "ping", "waiting")
    assert await site.deliveries(other) == []


async def test_deliveries_are_listed_page_by_page(site: WebhookSite) -> None:
    """The newest first, each once."""
    made = await site.make()
    ids = [await site.end_delivery(made, number=n, status="failed") for n in range(1, 6)]

    pages = list[JsonObject]()
    query = "?limit=2"
    for _ in range(3):
        answer = await site.call("GET", made, f"/deliveries{query}")
        pages.append(answer.json)
        query = f"?limit=2&cursor={answer.json['next_cursor']}"

    assert [item["id"] for page in pages for item in page["items"]] == ids
    assert [page["next_cursor"] is None for page in pages] == [False, False, True]


async def test_deliveries_are_asked_for_by_what_they_are(site: WebhookSite) -> None:
    """Their status, the type of their event, and when they were made."""
    made = await site.make()
    failed = await site.end_delivery(made, number=1, status="failed")
    taken = await site.end_delivery(made, number=2, status="delivered")
    when = (await site.call("GET", made, f"/deliveries/{failed}")).json["created_at"]

    asked = {
        query: [item["id"] for item in await site.deliveries(made, query)]
        for query in (
            "?status=failed",
            "?status=delivered&status=failed",
            "?type=plan.executed&status=delivered",
            "?type=plan.failed",
            f"?since={when}",
            f"?until={when}",
        )
    }

    assert list(asked.values()) == [[failed], [failed, taken], [taken], [], [failed], [taken]]


async def test_a_delivery_shows_its_attempts(site: WebhookSite) -> None:
    """With the begin of each answer."""
    made = await site.make()
    delivery = await site.end_delivery(made, number=1, status="failed")

    found = (await site.call("GET", made, f"/deliveries/{delivery}")).json

    assert (found["reason"], found["due_at"]) == ("the last answer was 503", None)
    [tried] = found["tries"]
    assert (tried["status_code"], tried["body"], tried["request_id"]) == (503, "later", "req-1")


async def test_a_cursor_of_another_list_is_refused(site: WebhookSite) -> None:
    """As is one that nobody made."""
    made = await site.make()
    await site.make()
    foreign = (await site.site.call("GET", f"{site.root}?limit=1")).json["next_cursor"]

    for cursor in (foreign, "bm90aGluZw"):
        answer = await site.call("GET", made, f"/deliveries?cursor={cursor}")
        assert (answer.status, answer.code) == (422, "cursor_invalid")


async def test_one_delivery_is_made_again(site: WebhookSite) -> None:
    """Under the id of the event, by which receivers know a repetition."""
    made = await site.make()
    delivery = await site.end_delivery(made, number=1, status="failed")

    again = (await site.call("POST", made, f"/deliveries/{delivery}:resend")).json

    assert again["id"] != delivery
    assert (again["cause"], again["status"], again["attempts"]) == ("resent", "waiting", 0)
    assert again["event"] == f"evt_{1:026d}"


async def test_failed_deliveries_are_made_again_in_parts(site: WebhookSite) -> None:
    """Each once; what is left is told, and nothing else is touched."""
    made = await site.make()
    for number in range(1, 6):
        await site.end_delivery(made, number=number, status="failed")
    await site.end_delivery(made, number=6, status="delivered")

    looked = await site.call("POST", made, ":resend", {"dry_run": True})
    answers = [await site.call("POST", made, ":resend", {"most": 3}) for _ in range(3)]

    assert looked.json == {"resent": 0, "left": 5, "dry_run": True}
    assert [(item.json["resent"], item.json["left"]) for item in answers] == [
        (3, 2),
        (2, 0),
        (0, 0),
    ]
    assert len(await site.deliveries(made, "?status=waiting")) == 5


async def test_a_range_of_delivered_ones_is_made_again(site: WebhookSite) -> None:
    """For whoever lost what they took."""
    made = await site.make()
    for number in range(1, 4):
        await site.end_delivery(made, number=number, status="delivered")
    since = (await site.call("GET", made, f"/deliveries/whd_{2:026d}")).json["created_at"]

    answer = await site.call("POST", made, ":resend", {"status": ["delivered"], "since": since})

    assert answer.json["resent"] == 2


async def test_a_test_is_not_made_again(site: WebhookSite) -> None:
    """It is asked for anew."""
    made = await site.make()
    ping = (await site.call("POST", made, ":ping")).json

    answer = await site.call("POST", made, f"/deliveries/{ping['id']}:resend")

    assert (answer.status, answer.code) == (409, "wrong_time")


async def test_nothing_is_asked_of_a_webhook_that_is_not_enabled(site: WebhookSite) -> None:
    """It would wait for nobody."""
    made = await site.make()
    delivery = await site.end_delivery(made, number=1, status="failed")
    await site.call("POST", made, ":disable")

    tried = [
        await site.call("POST", made, ":ping"),
        await site.call("POST", made, ":resend", {}),
        await site.call("POST", made, f"/deliveries/{delivery}:resend"),
    ]

    assert {(answer.status, answer.code) for answer in tried} == {(409, "wrong_time")}


async def test_a_delivery_of_another_webhook_is_not_found(site: WebhookSite) -> None:
    """Neither to be read, nor to be made again."""
    made, other = await site.make(), await site.make()
    delivery = await site.end_delivery(made, number=1, status="failed")

    for name in (delivery, f"whd_{9:026d}", "nothing"):
        read = await site.call("GET", other, f"/deliveries/{name}")
        again = await site.call("POST", other, f"/deliveries/{name}:resend")
        assert (read.status, again.status) == (404, 404)


async def test_what_is_made_again_is_on_record(site: WebhookSite) -> None:
    """With which deliveries were meant."""
    made = await site.make()
    delivery = await site.end_delivery(made, number=1, status="failed")
    await site.call("POST", made, f"/deliveries/{delivery}:resend")
    await site.end_delivery(made, number=2, status="failed")
    await site.call("POST", made, ":resend", {"types": ["plan.executed"]})

    export = f"/v1/organizations/{site.site.owner.organization}:export"
    body = (await site.site.call("GET", export)).body

    assert body.count(b'"endpoint.resent"') == 4  # a record and an event of each
