"""Provider, resellers, legal entities and offers are made by verbs that check what they are given."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.billing.issuers import name_issuer
from portal.catalogue.models import Product
from portal.catalogue.offers import make_product, shipped_offers
from portal.customers.changes import archive
from portal.db import db
from portal.errors import IllegalStep, Refused
from portal.journal import JournalEntry
from portal.resellers.houses import change_reseller, keep_contract, make_provider, make_reseller
from portal.resellers.models import LegalEntity, issuer_for, issuers_of, next_number
from portal.resellers.reseller import ResellerState, above, check_may_sell
from portal.sepa.models.amendment import MandateAmendment
from portal.sepa.models.creditor_change import open_creditor_change
from portal.sepa.models.entity import IDENTITY, ask_default, change_identity, make_entity, take_over_series
from portal.sepa.models.profile import apply_change
from portal.terms.shipped import stacks
from tests.builders import House, a_customer
from tests.sepa.people import a_signed_mandate

A_PDF = b"%PDF-1.7\n%%EOF\n"
ENTITY = {
    "name": "SAUVEGARDE DU PORT SAS",
    "legal_form": "SAS",
    "siren": "552 100 554",
    "rcs_town": "Brest",
    "vat_number": "FR 96 552100554",
    "street": "4 quai du Port",
    "postcode": "29200",
    "town": "Brest",
    "country": "fr",
    "email": "facturation@port.example.fr",
    "ics": "FR15 ZZZ 588627",
    "iban": "FR76 3000 6000 0112 3456 7890 189",
    "bank_name": "Banque du Port",
    "mandate_prefix": "port",
}


def told(row: Any) -> list[str]:
    query = select(JournalEntry.what).where(JournalEntry.subject_uid == row.uid).order_by(JournalEntry.id)
    return list(db.session.scalars(query))


def refused(field: str | None, act: Any, *values: Any, **others: Any) -> None:
    with pytest.raises(Refused) as caught:
        act(*values, **others)
    assert caught.value.field == field, caught.value


def test_a_reseller_sells_once_its_contract_is_signed_and_stands_at_any_depth(house: House) -> None:
    """001-32: nothing is provided to third parties unless a reseller contract is signed."""
    by = house.operator
    made = make_reseller(house.reseller, name="  Sous  revendeur ", siren="732 829 320", by=by)
    assert (made.name, made.legal_name, made.siren) == ("Sous revendeur", "Sous revendeur", "732829320")
    assert made.org_path.startswith(house.reseller.org_path) and made.state == ResellerState.DRAFT
    refused(None, make_reseller, made.organisation, name="Plus bas", by=by)
    refused("siren", make_reseller, house.reseller, name="Jumeau", siren="732829320", by=by)
    refused("siren", make_reseller, house.reseller, name="Faux", siren="732829321", by=by)
    refused("name", make_reseller, house.reseller, name=" ", by=by)
    refused(None, check_may_sell, made.org_path)
    refused(None, made.activate, by=by)
    refused("contract", keep_contract, made, b"<html>%%EOF", clock.today(), by=by)
    refused("contract", keep_contract, made, b"%PDF-1.7 cut", clock.today(), by=by)
    refused("contract_signed_on", keep_contract, made, A_PDF, date(2027, 1, 1), by=by)
    keep_contract(made, A_PDF, clock.today(), by=by)
    made.activate(by=by)
    check_may_sell(made.org_path)
    values = {
        "siren": "404833048",
        "town": "Brest",
        "contract_ends_on": date(2028, 1, 1),
        "notes": "Remise 10",
    }
    assert change_reseller(made, "Port", values, by=by) and not change_reseller(made, "Port", values, by=by)
    assert told(made) == ["create", "keep_contract", "activate", "change"]
    assert told(made.organisation) == ["rename"]
    below = make_reseller(made.organisation, name="Troisième", by=by)
    assert below.org_path.startswith(made.org_path)
    refused(None, made.end, "fin", by=by)
    below.end("fin", by=by)
    made.end("fin", by=by)
    with pytest.raises(IllegalStep):
        made.suspend("trop tard", by=by)
    made.reopen(by=by)
    assert (made.state, made.contract_id) == (ResellerState.DRAFT, None)


def test_living_customers_hold_a_reseller_and_those_put_away_do_not(house: House) -> None:
    """An archived customer, or one merged into another, keeps her papers with the provider."""
    by, reseller = house.operator, above(house.reseller.org_path)[0]
    kept, gone, third = (a_customer(house.reseller, name=name, siren=None) for name in ("A", "B", "C"))
    archive(third, by=by)
    with pytest.raises(Refused, match="2 clients en vie"):
        reseller.end("fin", by=by)
    gone.archived_at, gone.merged_into_id = clock.now(), kept.id
    with pytest.raises(Refused, match="1 client en vie"):
        reseller.end("fin", by=by)
    archive(kept, by=by)
    reseller.end("fin", by=by)
    assert reseller.state == ResellerState.ENDED


def test_there_are_at_most_eight_levels_of_resellers(house: House) -> None:
    parent = house.provider
    for level in range(8):
        made = make_reseller(parent, name=f"Niveau {level}", by=house.operator)
        made.state = ResellerState.ACTIVE
        parent = made.organisation
    refused(None, make_reseller, parent, name="Trop bas", by=house.operator)
    assert len(a_customer(parent).org_path) <= 200


def test_there_is_one_provider_and_customers_have_nobody_below(house: House) -> None:
    refused(None, make_provider, "Un autre", by=house.operator)
    customer = a_customer(house.reseller)
    refused(None, make_reseller, customer.organisation, name="Bas", by=house.operator)
    refused(None, make_entity, customer.organisation, ENTITY, by=house.operator)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("siren", "552100555"),
        ("vat_number", "FR96552100555"),
        ("vat_number", "FR63451600977"),  # of somebody else
        ("ics", "FR15ZZZ588628"),
        ("iban", "FR7630006000011234567890188"),
        ("email", "facturation"),
        ("name", "会社"),
        ("country", "France"),
        ("mandate_prefix", "é"),
        ("mandate_prefix", "NB"),  # of the entity that is there
    ],
)
def test_a_wrong_value_of_an_entity_is_refused_beside_its_field(house: House, field: str, typed: str) -> None:
    refused(field, make_entity, house.provider, {**ENTITY, field: typed}, by=house.operator)


def counts(entity: LegalEntity, house: House) -> None:
    """What was asked is agreed, and a day has gone."""
    change = open_creditor_change(entity)
    assert change is not None
    change.agree(by=house.finance)
    apply_change(change)
    db.session.flush()


def test_the_first_entity_of_all_needs_nobody_else(house: House) -> None:
    db.session.delete(db.session.scalars(select(LegalEntity)).one())
    db.session.flush()
    made = make_entity(house.provider, ENTITY, by=house.operator)
    assert (made.is_open, made.is_default, open_creditor_change(made)) == (True, True, None)


def test_a_second_entity_bills_who_comes_after_it_is_chosen(house: House) -> None:
    """Customers who are there keep the entity that they know, whatever is made or chosen above them."""
    first = db.session.scalars(select(LegalEntity)).one()
    first.is_default = True
    made = make_entity(house.provider, ENTITY, by=house.operator)
    assert (made.siren, made.vat_number, made.ics) == ("552100554", "FR96552100554", "FR15ZZZ588627")
    assert (made.iban, made.country, made.mandate_prefix) == ("FR7630006000011234567890189", "FR", "PORT")
    before = a_customer(house.reseller)
    assert (made.is_default, issuer_for(before)) == (False, first)
    counts(made, house)
    assert (made.is_default, issuer_for(before)) == (False, first)
    ask_default(made, by=house.operator)
    counts(made, house)
    db.session.refresh(first)
    after = a_customer(house.reseller, siren=None)
    assert not first.is_default and issuers_of([before, after]) == {
        before.org_path: first,
        after.org_path: made,
    }
    own = make_entity(house.reseller, {**ENTITY, "mandate_prefix": "ouest"}, by=house.operator)
    counts(own, house)
    last = a_customer(house.reseller, siren=None)
    assert own.is_default and [issuer_for(each) for each in (before, after, last)] == [first, made, own]
    name_issuer(house.reseller, first, by=house.operator)
    assert issuer_for(last) == own and issuer_for(a_customer(house.reseller, siren=None)) == first
    name_issuer(last.organisation, made, by=house.operator)
    assert issuer_for(last) == made
    refused("entity", name_issuer, house.other, own, by=house.operator)


def test_numbers_go_on_after_those_of_another_system(house: House) -> None:
    entity = db.session.scalars(select(LegalEntity)).one()
    take_over_series(entity, "FA", 2026, 41, by=house.operator)
    take_over_series(entity, "FA", 2026, 141, by=house.operator)  # a slip is mended
    assert next_number(entity, "FA", 2026) == "FA-2026-000142"
    refused("last", take_over_series, entity, "FA", 2026, 7, by=house.operator)
    refused("last", take_over_series, entity, "XX", 2026, 7, by=house.operator)
    refused("last", take_over_series, entity, "FA", 2026, 10**7, by=house.operator)
    identity = {name: getattr(entity, name) for name in IDENTITY}
    other = {"siren": "552100554", "vat_number": "FR96552100554"}
    refused("siren", change_identity, entity, {**identity, **other}, by=house.operator)


def test_a_new_name_is_told_with_the_next_debit_of_each_mandate(house: House) -> None:
    mandate = a_signed_mandate(house)
    entity = mandate.legal_entity
    identity = {name: getattr(entity, name) for name in IDENTITY}
    assert not change_identity(entity, identity, by=house.operator)
    assert change_identity(entity, {**identity, "name": "PORT SAS", "town": "Brest"}, by=house.operator)
    noted = db.session.scalars(select(MandateAmendment)).one()
    assert (noted.mandate_id, noted.original_creditor_name) == (mandate.id, "DROPCLOUD SAS")


def test_what_the_contracts_offer_is_on_sale_at_a_typed_price(house: House) -> None:
    offers = shipped_offers()
    assert {offer.terms for offer in offers.values()} == set(stacks())
    by, natso = house.operator, offers["NB-WS"]
    refused("price", make_product, house.provider, natso, unit_cents=0, by=by)
    refused("included_gb", make_product, house.provider, offers["DB-36"], unit_cents=1, by=by)
    refused("gb_month_cents", make_product, house.provider, offers["DB-GB"], unit_cents=1, by=by)
    refused(None, make_product, house.reseller, natso, unit_cents=5988, by=by)
    for code in ("WS-SANTE", "DB-LINA"):  # no certificate is in the register
        refused("product", make_product, house.provider, offers[code], unit_cents=1, included_gb=5, by=by)
    made = make_product(house.provider, natso, unit_cents=5988, by=by)
    assert made.has_keys and made.is_on_sale and db.session.scalars(select(Product)).all() == [made]
    refused(None, make_product, house.provider, natso, unit_cents=5988, by=by)
