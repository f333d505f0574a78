"""A brand at its own host: its face before the sign-in, its people alone, its address in their mails."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access import Role
from portal.accounts.models import Organisation
from portal.customers.models import ContactRole
from portal.db import db
from portal.mail import Mail, html_of, queue_mail
from portal.resellers.brand import brand_of, set_face
from portal.resellers.reseller import Reseller
from tests.builders import PASSWORD, House, a_customer, a_user, an_outsider

Browser = Callable[..., FlaskClient]
OUEST, NORD = "http://ouest.localhost", "http://nord.localhost"


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> None:
    """What a process believes of the hosts outlives the rows of a test."""
    app.extensions.pop("brand_hosts", None)


def page_of(organisation: Organisation) -> str:
    query = select(Reseller).where(Reseller.organisation_id == organisation.id)
    return f"/resellers/{db.session.scalars(query).one().uid}/brand"


def test_two_brands_stand_side_by_side_each_at_its_host(house: House, browser: Browser, app: Flask) -> None:
    """The operator gives the names; the neighbour, the owner and a name that nobody was given get nothing."""
    operator, owner, outsider = browser(house.operator), browser(house.owner), an_outsider(house)
    ours, theirs = page_of(house.reseller), page_of(house.other)
    for host, status in (
        ("http://ouest.localhost", 422),
        ("ouest.localhost:8000", 422),
        ("ouest", 422),
        ("127.0.0.1", 422),
        ("-x.localhost", 422),
        ("Ouest.localhost", 303),
    ):
        assert operator.post(ours, data={"host": host}).status_code == status, host
    assert operator.post(theirs, data={"host": "ouest.localhost"}).status_code == 422  # it is taken
    assert operator.post(theirs, data={"host": "nord.localhost"}).status_code == 303
    owner.post(ours, data={"host": "other.localhost", "name": "Ouest Sauvegarde"})  # not hers to choose
    assert brand_of(house.reseller).host == "ouest.localhost"
    assert browser(outsider).get(ours).status_code == 404
    faces = ((house.reseller, "Ouest Sauvegarde", "#0b5cad"), (house.other, "Nord Archives", "#7a1fa2"))
    for organisation, name, accent in faces:
        set_face(organisation, name=name, accent=accent, logo=b"", without_logo=False, by=house.owner)
    db.session.commit()

    stranger = browser()
    names = ("Ouest Sauvegarde", "Nord Archives")
    for base, name, other in ((OUEST, *names), (NORD, *reversed(names))):
        page = stranger.get("/login", base_url=base).text
        assert name in page and other not in page and "colours.css" in page
    page = stranger.get("/login", base_url="http://localhost").text
    assert "Ouest Sauvegarde" not in page and "Nord Archives" not in page
    assert stranger.get("/login", base_url="http://sud.localhost").status_code == 400

    typed = {"email": house.owner.email, "password": PASSWORD}
    told = stranger.post("/login", data=typed, base_url=NORD)
    assert told.status_code == 422 and "ouest.localhost" in told.text
    wrong = stranger.post("/login", data={**typed, "password": "wrong password"}, base_url=NORD)
    assert wrong.status_code == 422 and "ouest.localhost" not in wrong.text
    assert stranger.post("/login", data=typed, base_url=OUEST).status_code == 303
    assert browser().post("/login", data=typed, base_url="http://localhost").status_code == 303

    customer = a_customer(house.reseller)
    person = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    assert (
        browser()
        .post("/login", data={"email": person.email, "password": PASSWORD}, base_url=OUEST)
        .status_code
        == 303
    )
    for to, owner_, there in (
        (customer.contact(ContactRole.SIGNATORY), customer.organisation, "http://ouest.localhost"),
        (house.owner, house.reseller, "http://ouest.localhost"),
        (house.operator, house.provider, "http://localhost"),
    ):
        mail = queue_mail(to, "accounts/mail_password.txt", about=owner_, owner=owner_, by="x")
        assert isinstance(mail, Mail) and f"    {there}" in mail.body, there
        assert f'href="{there}' in html_of(mail), there
    operator.post(ours, data={"host": ""})
    assert browser().get("/login", base_url=OUEST).status_code == 400
