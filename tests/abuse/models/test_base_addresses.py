"""No spelling of an address leads an organization's model to where no request may go."""

from __future__ import annotations

from itertools import chain
from urllib.parse import quote

import pytest

from runtime.services.models.addresses import read_base
from runtime.services.models.offers import Offers
from tests.abuse.egress import corpus

OFFERS = Offers(
    own=("openai/gpt-4o",),
    allowed=("openai/*",),
    bases=(read_base("https://models.example:8443/v1"), read_base("https://other.example")),
)
HOSTS = tuple(f"[{host}]" if ":" in host else host for host in corpus.SPECIAL)
ADDRESSES = tuple(
    dict.fromkeys(
        chain(
            corpus.WRITTEN,
            (f"{scheme}://{host}/v1" for scheme in ("http", "https") for host in HOSTS),
            (f"https://{name}:8443/v1" for name in corpus.CANARY_NAMES),
            (f"https://models.example:{port}/v1" for port in corpus.SERVICE_PORTS),
        )
    )
)


@pytest.mark.parametrize("spelled", [str, quote], ids=["as it is", "with percent signs"])
def test_no_address_of_the_corpus_is_taken(spelled: type[str]) -> None:
    """As an option, and as the name of a model."""
    assert len(ADDRESSES) > 150
    for address in ADDRESSES:
        written = spelled(address)
        for reference in (
            f"openai/x?transport=http&api_base={written}",
            f"openai/x?api_base={written}",
            f"openai/https://{written.rpartition('//')[2]}",
        ):
            assert OFFERS.refusal(reference) is not None, reference
