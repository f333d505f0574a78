"""A customer asks in her space that her contract pass; the house goes on with it, or says why not."""

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation, User
from portal.assignments.models import AssignmentState, AssignmentWish, ContractAssignment, WishState
from portal.db import EVERYTHING, db, set_scope
from portal.journal import JournalEntry
from portal.subscriptions.models import Subscription
from tests.assignments.test_assignment import DAY, a_taker, a_year, decide, live, mails_to, one, sign
from tests.builders import House, a_customer, a_user, an_outsider, stored
from tests.contracts.builders import dobaas

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
NAMED = {
    "successor": "Fournil Durand",
    "siren": "404 833 048",
    "contact": "Dominique Durand",
    "email": "durand@reprise.example",
}


def her(subscription: Subscription, role: Role = Role.CUSTOMER) -> User:
    user = a_user(subscription.customer.organisation, role, "Camille")
    db.session.commit()
    return user


def a_contract_of(reseller: Organisation) -> Subscription:
    """Only its customer counts."""
    return SimpleNamespace(customer=a_customer(reseller, siren=None))  # type: ignore[return-value]


def wish(client: FlaskClient, subscription: Subscription, day: date = DAY, **typed: str) -> Any:
    """Read what it would mean on that day, then ask."""
    path = f"/subscriptions/{subscription.uid}/own-assignment"
    page = client.get(path, query_string={"effective_on": day.isoformat()}).text
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    data = {
        **NAMED,
        "effective_on": day.isoformat(),
        "seen": unescape(seen.group(1)) if seen else "",
        **typed,
    }
    return client.post(path, data=data)


def test_004_44_a_customer_asks_herself_and_the_successor_signs_by_her_link(
    house: House, browser: Browser, at: At
) -> None:
    """004-44: nothing passes without the written request of both and the provider's consent."""
    subscription = a_year(house)
    client = browser(her(subscription))
    address = f"/subscriptions/{subscription.uid}/own-assignment"
    assert address in client.get(f"/subscriptions/{subscription.uid}").text
    page = client.get(address, query_string={"effective_on": DAY.isoformat()}).text
    days = (date(2027, 11, 23) - DAY).days
    assert f"{days} jours sur 365" in page and "accord écrit du prestataire" in page
    assert wish(client, subscription).status_code == 303
    row = one(AssignmentWish)
    assert (row.state, row.siren, one(ContractAssignment)) == (WishState.OPEN, "404833048", None)
    assert "Fournil Durand" in mails_to(house.owner.email)[-1]
    assert wish(client, subscription).status_code == 422, "asked once"
    owner = browser(house.owner)
    assert "Préparer la cession" in owner.get("/").text
    way = f"/subscriptions/{subscription.uid}/assignment"
    wanted = {"to": row.siren, "effective_on": DAY.isoformat()}
    page = owner.get(way, query_string=wanted).text
    assert "Aucun autre client" in page and "Dominique Durand" in page
    taker = a_taker(house)
    seen = re.search(r'name="seen" value="([^"]*)"', owner.get(way, query_string=wanted).text)
    assert seen is not None
    assert owner.post(way, data={**wanted, "seen": unescape(seen.group(1))}).status_code == 303
    assert stored(row).state == WishState.TAKEN_UP
    for signer in ("contact@client.example", "durand@reprise.example"):
        assert sign(browser, signer).status_code == 200
    assignment = one(ContractAssignment)
    assert row.assignment_uid == assignment.uid
    assert "attend l&#39;accord du prestataire" in client.get(address).text.replace("'", "&#39;")
    assert decide(browser, house, assignment).status_code == 303
    assert client.post(f"{address}/withdrawal").status_code == 422, "the provider has consented"
    live(at, 2027, 5, 1)
    assert stored(subscription).customer_id == taker.id
    assert stored(assignment).state == AssignmentState.DONE


def test_004_44_she_reads_the_clause_before_she_asks(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    page = browser(her(subscription)).get(f"/subscriptions/{subscription.uid}/own-assignment").text
    assert "004-44" in page and "sur demande écrite des deux" in page


def test_she_takes_it_back_before_and_after_the_house_has_opened_it(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    client = browser(her(subscription, Role.SIGNATORY))
    way = f"/subscriptions/{subscription.uid}/own-assignment"
    assert wish(client, subscription).status_code == 303
    assert client.post(f"{way}/withdrawal").status_code == 303
    assert stored(one(AssignmentWish)).state == WishState.WITHDRAWN
    assert client.post(f"{way}/withdrawal").status_code == 422
    a_taker(house)
    assert wish(client, subscription).status_code == 303
    owner = browser(house.owner)
    page = owner.get(
        f"/subscriptions/{subscription.uid}/assignment",
        query_string={"to": "404833048", "effective_on": DAY.isoformat()},
    ).text
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', page).group(1))  # type: ignore[union-attr]
    data = {"to": "404833048", "effective_on": DAY.isoformat(), "seen": seen}
    assert owner.post(f"/subscriptions/{subscription.uid}/assignment", data=data).status_code == 303
    assert client.post(f"{way}/withdrawal").status_code == 303
    assert stored(one(ContractAssignment)).state == AssignmentState.CANCELLED
    assert "ne passe pas" in " ".join(mails_to("durand@reprise.example")[-1].split())


def test_the_house_does_not_open_it_and_she_learns_why(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    assert wish(browser(her(subscription)), subscription).status_code == 303
    owner, way = browser(house.owner), f"/subscriptions/{subscription.uid}/assignment/wish-refusal"
    assert owner.post(way, data={"reason": ""}).status_code == 422
    assert owner.post(way, data={"reason": "Contrat à renégocier"}).status_code == 303
    assert stored(one(AssignmentWish)).state == WishState.REFUSED
    assert "Contrat à renégocier" in mails_to("contact@client.example")[-1]
    assert owner.post(way, data={"reason": "encore"}).status_code == 409


def test_what_is_wrong_is_said_beside_its_field_and_nobody_else_asks(house: House, browser: Browser) -> None:
    subscription = a_year(house)
    client = browser(her(subscription))
    for typed, told in (
        ({"siren": "123456789"}, "clé de contrôle"),
        ({"siren": subscription.customer.siren}, "votre propre SIREN"),
        ({"email": "durand"}, "valable"),
        ({"seen": "x"}, "relisez-les"),
        ({"successor": ""}, "Dites à qui"),
    ):
        answer = wish(client, subscription, **typed)
        assert (answer.status_code, told in unescape(answer.text)) == (422, True), typed
    page = client.get(
        f"/subscriptions/{subscription.uid}/own-assignment", query_string={"effective_on": "2026-11-01"}
    )
    assert "jour à venir" in unescape(page.text)
    set_scope(EVERYTHING)
    assert one(AssignmentWish) is None
    assert "assignment_wished" not in {entry.what for entry in db.session.scalars(select(JournalEntry))}
    accountant = browser(her(subscription, Role.BILLING))
    for person, status in (
        (accountant, 403),
        (browser(house.owner), 403),
        (browser(an_outsider(house)), 403),
    ):
        assert wish(person, subscription).status_code == status
