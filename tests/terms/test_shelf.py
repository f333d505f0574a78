"""Which version applies: shipped or published, in force or pinned; and what the database freezes."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.catalogue.models import Method
from portal.db import db
from portal.errors import IllegalStep, Refused
from portal.journal import SYSTEM
from portal.subscriptions.ordering import place_order, record_wire
from portal.terms.in_force import pinned_stack, stack_in_force
from portal.terms.models import TermsState, read_upload
from portal.terms.shipped import find_stack
from portal.terms.values import TermsError
from tests.builders import House, a_customer, stored
from tests.subscriptions.builders import a_product
from tests.terms.builders import SALES_EMAIL, a_draft, a_published, a_text

Move = Callable[[datetime], None]
EFFECT = date(2026, 12, 15)
AFTER = datetime(2026, 12, 15, 9, tzinfo=UTC)


def test_a_published_version_applies_from_its_day_and_not_before(house: House) -> None:
    a_published(house, EFFECT)
    assert stack_in_force("natso", date(2026, 12, 14)).versions == ["000-2026"]
    assert stack_in_force("natso", EFFECT).versions == ["000-2027"]
    assert stack_in_force("dropcloud", EFFECT).versions == ["001-2026"]


def test_a_draft_and_a_withdrawn_version_never_apply(house: House) -> None:
    a_draft(house)
    row = a_published(house, EFFECT, "001")
    row.withdraw(by=SYSTEM)
    assert stack_in_force("natso", date(2030, 1, 1)).versions == ["000-2026"]
    assert stack_in_force("dropcloud", date(2030, 1, 1)).versions == ["001-2026"]


def test_one_document_of_a_stack_is_replaced_alone(house: House) -> None:
    a_published(house, EFFECT, "004")
    assert stack_in_force("dobaas", EFFECT).versions == [
        "004-2027" if v == "004-2026" else v for v in find_stack("dobaas").versions
    ]


def test_pinned_versions_are_found_whatever_is_in_force_and_unknown_ones_are_not(house: House) -> None:
    a_published(house, EFFECT, "000", "000-2027", SALES_EMAIL)
    assert pinned_stack("natso", ["000-2026"]).find("contact.sales_email") is None
    assert pinned_stack("natso", ["000-2027"]).get("contact.sales_email").value == "x@y.example"
    with pytest.raises(LookupError, match="000-2031"):
        pinned_stack("natso", ["000-2031"])
    a_draft(house, "001")
    with pytest.raises(LookupError, match="001-2027"):
        pinned_stack("dropcloud", ["001-2027"])


def test_an_old_order_keeps_its_version_and_a_new_one_takes_the_new(house: House, at: Move) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    a_published(house, EFFECT, "000", "000-2027", without="price.lock_months")
    old = place_order(customer, product, 5, Method.WIRE, by=SYSTEM)
    at(AFTER)
    customer.accept(stack_in_force("natso", EFFECT), by=SYSTEM, address="127.0.0.1")
    new = place_order(customer, product, 5, Method.WIRE, by=SYSTEM)
    record_wire(old, received_on=EFFECT, amount_cents=29940, reference="V", by=SYSTEM)
    db.session.commit()
    assert stored(old).terms_versions == ["000-2026"] and stored(new).terms_versions == ["000-2027"]
    assert old.terms.find("price.lock_months") is not None
    assert new.terms.find("price.lock_months") is None
    assert [row.version for row in new.proofs] == ["000-2027"]


def test_no_order_before_the_version_in_force_is_accepted(house: House, at: Move) -> None:
    customer, product = a_customer(house.reseller), a_product(house)
    a_published(house, EFFECT)
    place_order(customer, product, 1, Method.WIRE, by=SYSTEM)
    at(AFTER)
    with pytest.raises(Refused, match="pas accepté"):
        place_order(customer, product, 1, Method.WIRE, by=SYSTEM)


@pytest.mark.parametrize(
    ("code", "day", "is_refused"),
    [
        ("003", date(2026, 12, 7), True),  # 14 days after 23 November
        ("003", date(2026, 12, 8), False),
        ("000", date(2026, 11, 23), True),  # this document promises nothing: one day
        ("000", date(2026, 11, 24), False),
    ],
)
def test_publication_keeps_the_time_that_the_contract_promises(
    house: House, code: str, day: date, is_refused: bool
) -> None:
    row = a_draft(house, code)
    days = 15 if code == "003" else 0
    if is_refused:
        with pytest.raises(Refused, match="jours avant leur entrée en vigueur"):
            row.publish(effective_on=day, notice_days=days, by=SYSTEM)
        assert stored(row).state == TermsState.DRAFT
    else:
        row.publish(effective_on=day, notice_days=days, by=SYSTEM)
        assert row.state == TermsState.PUBLISHED


def test_two_versions_never_take_effect_on_one_day(house: House) -> None:
    a_published(house, EFFECT)
    with pytest.raises(Refused, match="prend effet ce jour-là"):
        a_published(house, EFFECT, "000", "000-2028")


def test_a_version_is_withdrawn_before_it_applies_only(house: House, at: Move) -> None:
    row = a_published(house, EFFECT)
    at(datetime(2026, 12, 14, 23, tzinfo=UTC))  # midnight in Paris: it applies
    with pytest.raises(Refused, match="s'applique déjà"):
        row.withdraw(by=SYSTEM)
    at(datetime(2026, 12, 14, 22, 59, tzinfo=UTC))
    row.withdraw(by=SYSTEM)
    with pytest.raises(IllegalStep):
        row.publish(effective_on=date(2027, 3, 1), notice_days=1, by=SYSTEM)


@pytest.mark.parametrize(
    "change",
    [
        "update terms_version set text = 'x'",
        "update terms_version set sha256 = 'x'",
        "update terms_version set effective_on = '2030-01-01'",
        "update terms_version set version = '000-2099'",
        "delete from terms_version",
    ],
)
def test_the_database_itself_freezes_what_was_published(house: House, change: str) -> None:
    row = a_published(house, EFFECT)
    with pytest.raises(DatabaseError, match="frozen"), db.session.begin_nested():
        db.session.execute(text(change))
    assert stored(row).effective_on == EFFECT


def test_a_draft_may_be_uploaded_again_and_a_taken_name_may_not(house: House) -> None:
    first = a_draft(house)
    again = a_draft(house, "000", "000-2027", without="price.lock_months")
    assert again.id == first.id and "price.lock_months" not in again.text
    a_published(house, EFFECT, "000", "000-2027")
    with pytest.raises(Refused, match="existe déjà"):
        a_draft(house)
    with pytest.raises(Refused, match="existe déjà"):
        a_draft(house, "000", "000-2026")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('version = "000-2027"', 'version = "2027"', "ne commence pas par le code"),
        ('version = "000-2027"', 'version = "000-20 27"', "ne commence pas par le code"),
        ('code = "000"', 'code = "009"', "clause"),
        ('title = "Conditions', 'title = "' + "C" * 200 + "Conditions", "200 signes"),
        ('sha256 = "', 'sha256 = "0', "empreinte"),
    ],
)
def test_a_head_that_cannot_be_kept_is_named(old: str, new: str, sentence: str) -> None:
    with pytest.raises(TermsError, match=sentence):
        read_upload("f.toml", a_text("000", "000-2027").replace(old, new, 1))
