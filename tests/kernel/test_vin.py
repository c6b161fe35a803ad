"""VINs: the form is required, the check digit is a warning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.kernel.errors import Unusable
from roadworthy.kernel.vin import Vin, check_digit, parse_vin, vin_warning

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
VINS = st.text(LETTERS, min_size=17, max_size=17)

# Published: the worked example of 49 CFR 565 (in many texts), all ones, and real vehicles of four makers.
PUBLISHED = ["1M8GDM9AXKP042788", "1" * 17, "5GZCZ43D13S812715", "1HGCM82633A004352", "WP0ZZZ99ZTS392124"]


@pytest.mark.parametrize("text", PUBLISHED[:-1])
def test_published_vins_carry_the_digit_we_compute(text: str) -> None:
    assert vin_warning(parse_vin(text)) == ""


def test_a_market_without_check_digits_gets_a_warning_not_a_refusal() -> None:
    vin = parse_vin(PUBLISHED[-1])

    assert "is Z, computed" in vin_warning(vin)


def test_x_stands_for_ten() -> None:
    assert check_digit(Vin("1M8GDM9AXKP042788")) == "X"


def test_blanks_and_lower_case_are_forgiven() -> None:
    assert parse_vin("  1m8gdm9axkp042788\n") == "1M8GDM9AXKP042788"


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("", "vin.length", "has 0 characters"),
        ("1M8GDM9AXKP04278", "vin.length", "has 16 characters"),
        ("1M8GDM9AXKP0427889", "vin.length", "has 18 characters"),
        ("IM8GDM9AXKP042788", "vin.letters", "holds I;"),
        ("1M8GDM9AXKPO4Q788", "vin.letters", "holds O Q;"),
        ("1M8GDM9AXKP04278-", "vin.letters", "holds -;"),
        ("１M8GDM9AXKP042788", "vin.letters", "holds"),  # a full-width digit is no digit
    ],
)
def test_a_wrong_vin_is_refused_with_what_is_wrong(text: str, code: str, told: str) -> None:
    with pytest.raises(Unusable, match=told) as caught:
        parse_vin(text)

    assert caught.value.error_code == code


@given(VINS)
def test_every_well_formed_vin_reads_and_has_one_of_eleven_digits(text: str) -> None:
    assert check_digit(parse_vin(text)) in "0123456789X"


@given(VINS, st.integers(0, 16).filter(lambda n: n != 8), st.sampled_from(LETTERS))
def test_a_single_mistyped_digit_is_noticed(text: str, place: int, other: str) -> None:
    """Every weight but that of position 9 is coprime to 11, so a changed value changes the sum."""
    right = text[:8] + check_digit(Vin(text)) + text[9:]
    wrong = right[:place] + other + right[place + 1 :]

    same_value = check_digit(Vin(wrong)) == right[8]
    assert same_value == (_value(other) == _value(right[place]))


def _value(letter: str) -> int:
    """ISO 3779: letters count by their place in A-I, J-R, S-Z (which begins at 2)."""
    if letter.isdigit():
        return int(letter)
    for first, start in (("S", 2), ("J", 1), ("A", 1)):
        if letter >= first:
            return ord(letter) - ord(first) + start
    raise AssertionError(letter)


@given(st.text(max_size=60))
def test_any_text_is_a_vin_or_unusable(text: str) -> None:
    message = ""
    try:
        assert len(parse_vin(text)) == 17
    except Unusable as error:
        message = error.message

    assert len(message) < 300
