"""A list is paged through to its end, each item once."""

from __future__ import annotations

import pytest

from runtime.entrypoints.rest.paging import Page, page_of, paged
from runtime.entrypoints.rest.problems import ProblemError
from runtime.kit.cursors import encode_cursor

NUMBERS = tuple(range(1, 8))


async def listed(limit: int) -> list[list[str]]:
    """Page through the numbers."""
    pages, cursor = list[list[str]](), None
    while True:
        page = await page_of(limit=limit, cursor=cursor)
        after = page.after_number or 0
        found = [number for number in NUMBERS if number > after][: page.limit + 1]
        out = paged(found, page, key_of=lambda number: number, shown=str)
        pages.append(list(out.items))
        cursor = out.next_cursor
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 3, 6, 7, 8])
async def test_each_item_is_on_one_page(limit: int) -> None:
    """And no page after the last one is empty."""
    pages = await listed(limit)

    assert [int(item) for page in pages for item in page] == list(NUMBERS)
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_an_empty_list_has_one_page() -> None:
    """Without a next one."""
    out = paged([], Page(limit=5), key_of=int, shown=str)

    assert (out.items, out.next_cursor) == ((), None)


async def test_a_cursor_of_another_list_is_refused() -> None:
    """By the type of its key."""
    text, number = encode_cursor("a"), encode_cursor(1)

    assert (await page_of(cursor=text)).after_text == "a"
    assert (await page_of(cursor=number)).after_number == 1
    assert ((await page_of()).after_text, (await page_of()).after_number) == (None, None)
    for cursor, name in (
        (text, "after_number"),
        (number, "after_text"),
        (encode_cursor("a\0"), "after_text"),
        (encode_cursor(True), "after_number"),
    ):
        with pytest.raises(ProblemError, match="another list") as caught:
            getattr(await page_of(cursor=cursor), name)
        assert (caught.value.status_code, caught.value.code) == (422, "cursor_invalid")


async def test_no_cursor_is_a_cursor_that_nobody_made() -> None:
    """It is told what to send instead."""
    with pytest.raises(ProblemError, match="unchanged") as caught:
        await page_of(cursor="abc")

    assert caught.value.code == "cursor_invalid"
