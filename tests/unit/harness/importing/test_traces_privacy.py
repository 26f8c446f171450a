"""Personal data goes, stays gone in every spelling, and leaves values that still fit together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.importing.traces_privacy import Anonymiser
from runtime.public import JsonValue, canonical_text

NAMES = ["Ann-Marie O'Neil", "Jürgen von der Heide", "Élodie Martin", "Zoë Çelik"]
EMAILS = ["ann.oneil@corp.org", "j-heide+x@firma.co.uk"]
PHONES = [
    "+49 30 1234567", "030/1234568", "(555) 867-5309", "0044 20 7946 0958",
    "+49\u00a030\u00a01234567", "+49\u201130\u20111234567", "555\u2013867\u20135309",
]  # fmt: skip
CARDS = [
    "4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005",
    "4111\u20131111\u20131111\u20131111", "4111\u00a01111\u00a01111\u00a01111",
]  # fmt: skip
ACCOUNTS = ["DE89 3704 0044 0532 0130 00", "GB29NWBK60161331926819"]
TOKENS = [
    "sk-proj-4f9A8b7C6d5E4f3A2b1C", "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AKIAIOSFODNN7EXAMPLE", "0123456789abcdef0123456789abcdef",
    "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
]  # fmt: skip


def cleaned(value: JsonValue, *, public: str = "", names: tuple[str, ...] = ()) -> JsonValue:
    """Learn from a value and clean it."""
    privacy = Anonymiser(public=public, names=names)
    privacy.learn(value)
    return privacy.clean(value)


@pytest.mark.parametrize("secret", [*EMAILS, *PHONES, *CARDS, *ACCOUNTS, *TOKENS])
def test_what_has_a_form_is_replaced(secret: str) -> None:
    """In a sentence, as a value, as a key, and every time as the same."""
    value = {"message": f"Please use {secret} for it.", "plan": [secret], secret: 1}

    found = cleaned(value)

    assert secret not in canonical_text(found)
    (placeholder,) = found["plan"]
    assert found["message"] == f"Please use {placeholder} for it."
    assert found[placeholder] == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "sentence",
    [
        "Hi, my name is {name} and I wait.", "Ich heiße {name}.", "Ask Dr. {name} first.",
        "Dear {name},\nall is well.", "All is well.\nRegards,\n{name}", "Tell customer {name} so.",
        "Send it to {name} <x@y.org>.",
    ],
)  # fmt: skip
def test_names_are_known_by_what_stands_around_them(name: str, sentence: str) -> None:
    """Once known, a name goes everywhere, in parts as well."""
    found = cleaned(
        {"text": sentence.format(name=name), "note": f"{name.split(maxsplit=1)[0]} called"}
    )

    assert found["note"] == "Person1 called"
    assert name not in canonical_text(found)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"first_name": "Ann"}, id="a key that names a person"),
        pytest.param({"/customers/c_1/full_name": "Ann"}, id="a pointer that ends so"),
        pytest.param({"name": "Ann", "email": "x@y.org"}, id="a name beside an address"),
        pytest.param({"name": "Ann Miller"}, id="a name of several words"),
    ],
)
def test_names_are_known_by_their_key(value: JsonValue) -> None:
    """State has no sentences."""
    assert "Ann" not in canonical_text(cleaned(value))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"name": "Furnace"}, id="the name of a thing"),
        pytest.param("On 2026-03-02 at 10:00, or 01.02.2026, for 20.00 EUR", id="dates and money"),
        pytest.param("ticket t_100, order 4711, 25 of 100", id="ids and small numbers"),
        pytest.param([1700000000000, 12.5, True, None], id="numbers"),
        pytest.param("0 12 34", id="too short for a phone"),
    ],
)
def test_what_is_not_personal_stays(value: JsonValue) -> None:
    """A scenario must still say what it said."""
    assert cleaned(value) == value


def test_passwords_go_wherever_they_stand() -> None:
    """The plan repeats what the message gave away."""
    found = cleaned({"m": "the password is hunter2", "plan": {"p": "hunter2", "token": "t0ps"}})

    assert found == {"m": "the password is token1", "plan": {"p": "token1", "token": "token2"}}


def test_numbers_of_cards_keep_their_type() -> None:
    """A state's schema may demand a whole number; other large numbers stay."""
    found = cleaned({"card": 4111111111111111, "at": 4111111111111112})

    assert found == {"card": 9000000000000001, "at": 4111111111111112}


def test_spellings_of_one_number_share_a_placeholder() -> None:
    """What a person groups, a plan writes in one."""
    spaced, plain = cleaned(["4111 1111 1111 1111", "4111111111111111"])

    assert spaced.replace(" ", "") == plain


def test_what_the_environment_declares_stays() -> None:
    """Otherwise the message would speak of somebody whom the state does not know."""
    public = canonical_text({"customers": {"c_1": {"name": "Ann Miller", "email": "ann@x.org"}}})

    value = "My name is Ann Miller, ann@x.org; my name is Bob Stone."
    assert cleaned(value, public=public) == "My name is Ann Miller, ann@x.org; my name is Person1."


def test_names_can_be_given() -> None:
    """Nothing around it gives this one away."""
    assert cleaned("Zaphod and Zaphods", names=("Zaphod",)) == "Person1 and Zaphods"


def test_what_was_replaced_is_counted_once() -> None:
    """Each question answers for what happened since the last."""
    privacy = Anonymiser(public="")
    privacy.clean(["a@b.org", "a@b.org", "c@d.org"])

    assert privacy.replaced() == {"email1@example.com": 2, "email2@example.com": 1}
    assert privacy.replaced() == {}


SECRETS = st.sampled_from([*EMAILS, *PHONES, *CARDS, *ACCOUNTS, *TOKENS])
WORDS = st.text(alphabet="abc ÄÖ,.\n", max_size=12)


@given(
    texts=st.lists(st.tuples(WORDS, SECRETS, WORDS), min_size=1, max_size=5),
    name=st.sampled_from(NAMES),
)
def test_no_seeded_value_survives(texts: list[tuple[str, str, str]], name: str) -> None:
    """Whatever stands around them, and however often they come."""
    value: JsonValue = {
        "when": {"message": f"My name is {name}."},
        "given": {
            "state": {
                f"/c/{index}": f"{a} {name} {secret} {b}"
                for index, (a, secret, b) in enumerate(texts)
            }
        },
        "plan": [secret for _, secret, _ in texts],
    }

    found = canonical_text(cleaned(value))

    assert not [secret for secret in (name, *(item[1] for item in texts)) if secret in found]
    assert cleaned(value) == cleaned(value)


def test_a_name_begins_where_a_word_does() -> None:
    """Else looking for one in a long word takes as long as its length squared."""
    assert cleaned("eBay <shop@ebay.example>, Bay 4") == "eBay <email1@example.com>, Bay 4"
