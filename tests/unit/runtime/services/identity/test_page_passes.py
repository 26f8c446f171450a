"""A pass was sealed here, for one use, and has not ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.caller import CredentialKind
from runtime.services.identity.minting import TokenKeys
from runtime.services.identity.page_passes import MOST_LETTERS, PagePass, PagePasses, PassUse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = b"an old key of 32 bytes or more....", b"a new key of 32 bytes or even more."
PASSES = PagePasses(keys=TokenKeys(keys=(OLD,)))
PASS = PagePass(
    id="lnk_1",
    organization_id="org_" + "A" * 26,
    member_id="mem_" + "A" * 26,
    credential_id="tok_" + "A" * 26,
    credential_kind=CredentialKind.API_TOKEN,
    ends_at=NOW + timedelta(minutes=2),
)


def sealed(use: PassUse = PassUse.LINK) -> str:
    """Seal the pass."""
    return PASSES.sealed(PASS, use=use)


@pytest.mark.parametrize("use", list(PassUse))
def test_what_was_sealed_comes_back(use: PassUse) -> None:
    """Whole, until it ends, in letters that an address and a cookie take."""
    text = sealed(use)

    assert PASSES.opened(text, use=use, now=NOW) == PASS
    assert len(text) < MOST_LETTERS
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_pass_ends() -> None:
    """To the second."""
    before, then = PASS.ends_at - timedelta(seconds=1), PASS.ends_at

    assert PASSES.opened(sealed(), use=PassUse.LINK, now=before) == PASS
    assert PASSES.opened(sealed(), use=PassUse.LINK, now=then) is None


def test_a_pass_of_one_use_is_none_of_the_other() -> None:
    """A link that somebody read in an address is no cookie, and a cookie is no new link."""
    assert PASSES.opened(sealed(PassUse.LINK), use=PassUse.VISIT, now=NOW) is None
    assert PASSES.opened(sealed(PassUse.VISIT), use=PassUse.LINK, now=NOW) is None


def test_a_change_of_any_letter_is_seen() -> None:
    """Nobody else has the key."""
    text = sealed()
    changed = [
        text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        for place in range(len(text) - 1)  # the last letter may carry bits that nobody reads
    ]

    assert [item for item in changed if PASSES.opened(item, use=PassUse.LINK, now=NOW)] == []


@pytest.mark.parametrize("text", ["", "A", "é", "A" * 40, "A" * (MOST_LETTERS + 1), "=", "%00"])
def test_what_is_no_pass_opens_nothing(text: str) -> None:
    """And breaks nothing."""
    assert PASSES.opened(text, use=PassUse.LINK, now=NOW) is None


def test_keys_are_replaced_in_two_steps() -> None:
    """The first seals, all open; without the old one its passes open nothing."""
    text = sealed()
    both = PagePasses(keys=TokenKeys(keys=(NEW, OLD)))
    new = PagePasses(keys=TokenKeys(keys=(NEW,)))

    assert both.opened(text, use=PassUse.LINK, now=NOW) == PASS
    assert new.opened(text, use=PassUse.LINK, now=NOW) is None
    assert new.opened(both.sealed(PASS, use=PassUse.LINK), use=PassUse.LINK, now=NOW) == PASS
