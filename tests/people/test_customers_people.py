"""The people of a customer's house: what each role opens, and who manages them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from portal.access import CUSTOMERS, Role
from portal.accounts.models import User
from portal.blobs import keep
from portal.customers.models import Customer
from portal.db import db
from tests.builders import House, a_customer, a_user, stored
from tests.people.test_people import NEW, link_in

Browser = Callable[..., FlaskClient]
_SIGNS = "/keys /vaults /restore-requests /orders /billing/invoices /subscriptions /reversibility"
OPENS = {
    Role.CUSTOMER: f"/people /my-mandates {_SIGNS}",
    Role.SIGNATORY: f"/my-mandates {_SIGNS}",
    Role.BILLING: "/my-mandates /orders /billing/invoices /subscriptions /notices",
    Role.TECHNICAL: "/keys /vaults /restore-requests /backups",
}
ALL = {path for paths in OPENS.values() for path in paths.split()} - {"/backups", "/notices"}
PAPERS = {
    "invoice": {Role.CUSTOMER, Role.SIGNATORY, Role.BILLING},
    "acknowledgement": {Role.CUSTOMER, Role.SIGNATORY, Role.TECHNICAL},
    "certificate": {Role.CUSTOMER, Role.SIGNATORY},
}


@pytest.fixture
def customer(house: House) -> Customer:
    return a_customer(house.reseller)


@pytest.fixture
def people(customer: Customer) -> dict[Role, User]:
    found = {role: a_user(customer.organisation, role) for role in CUSTOMERS}
    db.session.commit()
    return found


def test_each_role_opens_its_pages_and_its_menu_says_so(people: dict[Role, User], browser: Browser) -> None:
    for role, paths in OPENS.items():
        client = browser(people[role])
        menu = client.get("/").text.split("</nav>")[0]
        for path in paths.split():
            assert client.get(path).status_code == 200, (role, path)
            assert f'href="{path}"' in menu, (role, path)
        for path in ALL - set(paths.split()):
            assert client.get(path).status_code == 403, (role, path)
            assert f'href="{path}"' not in menu, (role, path)


def test_a_paper_opens_for_whom_it_is(customer: Customer, people: dict[Role, User], browser: Browser) -> None:
    for kind, readers in PAPERS.items():
        document = keep(
            b"%PDF-",
            owner=customer.organisation,
            subject=customer,
            kind=kind,
            filename="x.pdf",
            media_type="application/pdf",
        )
        db.session.commit()
        for role, person in people.items():
            wanted = 200 if role in readers else 403
            assert browser(person).get(f"/documents/{document.uid}").status_code == wanted, (kind, role)


def test_who_runs_the_space_invites_and_is_never_the_last_to_go(
    customer: Customer, people: dict[Role, User], browser: Browser
) -> None:
    client = browser(people[Role.CUSTOMER])
    assert client.post("/people", data={**NEW, "role": "support"}).status_code == 422  # no staff of hers
    assert client.post("/people", data={**NEW, "role": "technical"}).status_code == 303
    assert link_in("lea.roux@ouest.example")
    invited = db.session.scalars(db.select(User).where(User.email == "lea.roux@ouest.example")).one()
    assert (invited.role, invited.organisation_id) == (Role.TECHNICAL, customer.organisation_id)
    technician = people[Role.TECHNICAL]
    assert client.post(f"/people/{technician.uid}/role", data={"role": "customer"}).status_code == 303
    second = browser(stored(technician))
    assert second.post(f"/people/{people[Role.CUSTOMER].uid}/closing").status_code == 303
    third = browser(people[Role.SIGNATORY])
    assert third.get("/people").status_code == 403


def test_the_last_who_runs_it_stays(house: House, people: dict[Role, User], browser: Browser) -> None:
    owner = browser(house.owner)
    for path, data in (("closing", {}), ("role", {"role": "billing"})):
        answer = owner.post(f"/people/{people[Role.CUSTOMER].uid}/{path}", data=data)
        assert answer.status_code == 422 and "dernière personne" in answer.text
    assert stored(people[Role.CUSTOMER]).is_open
