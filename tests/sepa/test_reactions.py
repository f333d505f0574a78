"""The table of reactions: complete, sound, and never silent about a reason it does not know."""

from datetime import date

import pytest

from portal.errors import Refused
from portal.sepa.reactions import UNKNOWN, Reaction, default_reactions, make_reaction, reaction_for, retry_on
from portal.words.reasons import BANK_REASONS

_FIRST = "AC01 AC04 AC06 AC13 AG01 AG02 AM04 AM05 BE05 CNOR DNOR DT01 DU01 DU02 DU03 DU04 DU05 FF01 FF05 FOCR"
_REST = "MD01 MD02 MD06 MD07 MS02 MS03 RC01 RR01 RR02 RR03 RR04 SL01 TM01"
CODES = f"{_FIRST} {_REST}".split()
OURS = ("AG02", "FF01", "FF05", "RC01", "DT01", "TM01", "BE05")


def test_every_reason_of_the_scheme_has_a_reaction_and_words() -> None:
    assert sorted(default_reactions()) == sorted(CODES)
    assert sorted(BANK_REASONS) == sorted(CODES)


@pytest.mark.parametrize(
    ("code", "mandate", "debtor", "retries", "people"),
    [
        ("AC01", "suspend", "account", 0, False),
        ("AC04", "suspend", "account", 0, False),
        ("AC06", "suspend", "contact", 0, False),
        ("AC13", "stop", "contact", 0, True),
        ("AG01", "suspend", "account", 0, False),
        ("AM04", "keep", "unpaid", 2, False),
        ("AM05", "keep", "nothing", 0, True),
        ("MD01", "stop", "nothing", 0, True),
        ("MD02", "hold", "nothing", 0, True),
        ("MD06", "suspend", "unpaid", 0, False),
        ("MD07", "stop", "nothing", 0, True),
        ("MS02", "hold", "contact", 0, False),
        ("MS03", "keep", "unpaid", 1, False),
        ("SL01", "hold", "contact", 0, False),
        *((code, "keep", "nothing", 0, True) for code in OURS),
        *((code, "hold", "nothing", 0, True) for code in ("RR01", "RR02", "RR03", "RR04")),
        *((code, "suspend", "contact", 0, False) for code in ("CNOR", "DNOR")),
        *((f"DU0{number}", "keep", "nothing", 0, True) for number in range(1, 6)),
        ("FOCR", "keep", "nothing", 0, False),
    ],
)
def test_the_default_reaction(code: str, mandate: str, debtor: str, retries: int, people: bool) -> None:
    found = reaction_for(code, {})
    assert (found.mandate, found.debtor, found.retries, found.people) == (mandate, debtor, retries, people)


def test_our_own_fault_never_duns_the_debtor() -> None:
    for code in OURS:
        assert reaction_for(code, {}).debtor == "nothing"
    assert reaction_for("BE05", {}).stops


def test_an_unknown_reason_goes_to_people() -> None:
    assert reaction_for("ZZ99", {}) == UNKNOWN == reaction_for("", {})
    assert UNKNOWN.people and UNKNOWN.mandate == "hold" and not UNKNOWN.retries


def test_the_creditor_s_own_reaction_comes_first() -> None:
    own = {"AM04": Reaction(people=True)}
    assert reaction_for("AM04", own).people and reaction_for("AC01", own).mandate == "suspend"


@pytest.mark.parametrize(
    "values", [{"colour": 1}, {"mandate": "burn"}, {"debtor": "shout"}, {"retries": 3}, {"after": 0}]
)
def test_an_absurd_reaction_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(Refused):
        make_reaction(values)


def test_a_retry_waits_target_days_and_ends_with_the_last_one() -> None:
    am04 = reaction_for("AM04", {})
    assert retry_on(am04, date(2026, 12, 21), 1) == date(2026, 12, 29)  # 25 and 26 December, a week-end
    assert retry_on(am04, date(2026, 12, 21), 2) is not None
    assert retry_on(am04, date(2026, 12, 21), 3) is None
    assert retry_on(reaction_for("AC01", {}), date(2026, 12, 21), 1) is None


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("AM04", "retry"),
        ("AC01", "suspend_mandate"),
        ("MD01", "stop_mandate"),
        ("BE05", "stop_batches"),
        ("MD02", "hold_mandate"),
        ("AM05", "people"),
        ("FOCR", "book"),
    ],
)
def test_a_report_names_the_strongest_thing_done(code: str, name: str) -> None:
    assert reaction_for(code, {}).name == name
