"""People: invited by mail, given a role, stopped at once; a forgotten password; one's own account."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access import GRANTS, Permission, Role
from portal.accounts.models import SignIn, User
from portal.db import db
from portal.journal import JournalEntry
from portal.mail import Mail
from tests.builders import PASSWORD as OLD_PASSWORD
from tests.builders import House, a_customer, an_outsider, stored

Browser = Callable[..., FlaskClient]
NEW = {"email": "Lea.Roux@ouest.example", "name": "Léa Roux", "role": "support", "language": "fr"}
PASSWORD = "quatre chevaux verts"


@pytest.fixture
def owner(house: House, browser: Browser) -> FlaskClient:
    return confirmed(browser(house.owner))


def confirmed(client: FlaskClient) -> FlaskClient:
    """Who has just typed the password again."""
    db.session.execute(db.update(SignIn).values(confirmed_at=db.func.current_timestamp()))
    for row in db.session.scalars(db.select(SignIn)):
        row.confirm()
    db.session.commit()
    return client


def link_in(email: str) -> str:
    query = db.select(Mail).where(Mail.recipient == email).order_by(Mail.id.desc()).limit(1)
    found = re.search(r"/welcome/\S+", db.session.scalars(query).one().body)
    assert found
    return found[0]


def person(email: str) -> User:
    return db.session.scalars(db.select(User).where(User.email == email)).one()


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> int:
    return client.post("/login", data={"email": email, "password": password}).status_code


def test_an_invited_colleague_chooses_a_password_and_works(owner: FlaskClient, browser: Browser) -> None:
    assert owner.post("/people", data=NEW).status_code == 303
    invited = person("lea.roux@ouest.example")
    assert (invited.role, invited.password_hash) == (Role.SUPPORT, "")
    page = browser()
    address = link_in(invited.email)
    assert page.get(address).status_code == 200
    assert page.post(address, data={"password": PASSWORD}).status_code == 303
    assert sign_in(page, invited.email) == 303
    assert page.get("/vaults").status_code == 200 and page.get("/people").status_code == 403
    assert browser().get(address).status_code in {404, 410}  # it served once


def test_a_customer_is_given_the_access_to_her_own_space(
    house: House, owner: FlaskClient, browser: Browser
) -> None:
    customer = a_customer(house.reseller)
    page = owner.get(f"/customers/{customer.uid}").text
    assert f"/people/new?house={customer.organisation.uid}" in page
    form = {**NEW, "role": "customer", "house": customer.organisation.uid}
    assert owner.post("/people", data=form).status_code == 303
    invited = person("lea.roux@ouest.example")
    assert (invited.role, invited.organisation_id) == (Role.CUSTOMER, customer.organisation_id)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"role": "operator"}, 422),  # a reseller makes no people of the provider
        ({"email": "personne"}, 422),
        ({"name": ""}, 422),
        ({"house": "aaaaaaaaaaaaaaaa"}, 404),
    ],
)
def test_a_wrong_invitation_makes_nobody(owner: FlaskClient, change: dict[str, str], status: int) -> None:
    assert owner.post("/people", data={**NEW, **change}).status_code == status
    assert db.session.scalars(db.select(User).where(User.name == "Léa Roux")).all() == []


def test_who_is_in_this_house_already_is_refused_in_a_sentence(house: House, owner: FlaskClient) -> None:
    answer = owner.post("/people", data={**NEW, "email": house.sales.email})
    assert answer.status_code == 422 and "déjà un accès dans cette organisation" in answer.text


def test_whoever_changes_people_has_just_typed_the_password(house: House, browser: Browser) -> None:
    answer = browser(house.owner, confirmed=False).post("/people", data=NEW)
    assert answer.status_code == 200 and 'name="confirm-password"' in answer.text
    assert db.session.scalars(db.select(User).where(User.name == "Léa Roux")).all() == []


def test_a_closed_access_ends_its_sessions_at_once(
    house: House, owner: FlaskClient, browser: Browser
) -> None:
    colleague = browser(house.sales)
    assert colleague.get("/customers").status_code == 200
    assert owner.post(f"/people/{house.sales.uid}/closing").status_code == 303
    assert colleague.get("/customers").status_code == 303  # to the page where one signs in
    assert owner.post(f"/people/{house.sales.uid}/opening").status_code == 303
    assert stored(house.sales).is_enabled
    assert colleague.get("/customers").status_code == 303  # what was open before stays closed
    verbs = [entry.what for entry in db.session.scalars(db.select(JournalEntry))]
    assert "disable" in verbs and "enable" in verbs


def test_another_role_ends_the_sessions_of_the_former(
    house: House, owner: FlaskClient, browser: Browser
) -> None:
    colleague = browser(house.sales)
    assert owner.post(f"/people/{house.sales.uid}/role", data={"role": "reader"}).status_code == 303
    assert stored(house.sales).role == Role.READER
    assert colleague.get("/customers").status_code == 303


def test_the_last_owner_stays_and_nobody_closes_herself(house: House, browser: Browser) -> None:
    operator = confirmed(browser(house.operator))
    answer = operator.post(f"/people/{house.owner.uid}/closing")
    assert answer.status_code == 422 and "dernière personne" in answer.text
    answer = operator.post(f"/people/{house.owner.uid}/role", data={"role": "reader"})
    assert answer.status_code == 422
    assert operator.post(f"/people/{house.operator.uid}/closing").status_code == 422
    assert stored(house.owner).is_enabled and stored(house.owner).role == Role.OWNER
    second = stored(house.support)
    second.role = Role.OWNER
    db.session.commit()
    assert operator.post(f"/people/{house.owner.uid}/closing").status_code == 303
    assert not stored(house.owner).is_enabled and stored(second).is_enabled


def test_people_of_others_are_missing_people(house: House, owner: FlaskClient) -> None:
    stranger = an_outsider(house)
    db.session.commit()
    assert owner.get(f"/people/{house.operator.uid}").status_code == 404
    assert owner.post(f"/people/{stranger.uid}/closing").status_code == 404
    page = owner.get("/people").text
    assert house.sales.email in page and stranger.email not in page


def test_a_forgotten_password_is_replaced_by_its_owner_alone(house: House, browser: Browser) -> None:
    page, other = browser(), browser(house.sales)
    answer = page.post("/forgotten", data={"email": house.sales.email.upper()})
    unknown = page.post("/forgotten", data={"email": "nobody@nowhere.example"})
    assert answer.status_code == unknown.status_code == 200
    assert "Si cette adresse a un accès" in answer.text and "Si cette adresse a un accès" in unknown.text
    assert page.post(link_in(house.sales.email), data={"password": PASSWORD}).status_code == 303
    assert sign_in(page, house.sales.email) == 303
    assert other.get("/customers").status_code == 303  # what was open before is closed


def test_a_closed_account_gets_no_link_and_nobody_is_flooded(house: House, browser: Browser) -> None:
    page = browser()
    for _time in range(6):
        page.post("/forgotten", data={"email": house.sales.email})
    house.support.is_enabled = False
    db.session.commit()
    answer = page.post("/forgotten", data={"email": house.support.email})
    assert answer.status_code == 200 and "Si cette adresse a un accès" in answer.text
    recipients = [mail.recipient for mail in db.session.scalars(db.select(Mail))]
    assert recipients == [house.sales.email] * 3


def test_ones_own_password_asks_for_the_old_one_and_ends_the_other_sessions(
    house: House, browser: Browser
) -> None:
    page = browser()
    page.post("/forgotten", data={"email": house.sales.email})
    page.post(link_in(house.sales.email), data={"password": PASSWORD})
    first, second = browser(), browser()
    assert (sign_in(first, house.sales.email), sign_in(second, house.sales.email)) == (303, 303)
    change = {"old": "faux", "password": "six girafes bleues"}
    assert first.post("/account/password", data=change).status_code == 422
    assert second.get("/customers").status_code == 200
    change = {"old": PASSWORD, "password": "six girafes bleues"}
    assert first.post("/account/password", data=change).status_code == 303
    assert first.get("/customers").status_code == 200
    assert second.get("/customers").status_code == 303


def test_name_and_language_are_ones_own_and_sessions_can_be_ended(house: House, browser: Browser) -> None:
    here, there = browser(house.reader), browser(house.reader)
    assert here.post("/account", data={"name": "Ana Bel", "language": "en"}).status_code == 303
    assert (stored(house.reader).name, stored(house.reader).language) == ("Ana Bel", "en")
    assert "signed in" in here.get("/account").text
    assert here.post("/account/sessions").status_code == 303
    assert here.get("/account").status_code == 200 and there.get("/account").status_code == 303


def test_an_auditor_reads_all_of_the_provider_and_changes_nothing(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    auditor = browser(house.people[Role.AUDITOR])
    for path in ("/", "/work/journal", "/people", "/billing/runs", f"/customers/{customer.uid}", "/mails"):
        assert auditor.get(path).status_code == 200, path
    page = auditor.get(f"/customers/{customer.uid}").text
    assert "Nouvelle commande" not in page and "Modifier" not in page
    assert auditor.post(f"/customers/{customer.uid}/archive").status_code == 403
    assert auditor.post("/people", data=NEW).status_code == 403
    # Kept views, her own account, and tokens that may read as she does.
    own = {Permission.LIST_WORK, Permission.ACCOUNT_WRITE, Permission.TOKEN_WRITE}
    may = {each for each, roles in GRANTS.items() if Role.AUDITOR in roles}
    assert {each for each in may if not each.value.endswith(":read")} == own


def test_who_was_invited_to_the_wrong_house_may_be_invited_to_the_right_one(
    house: House, browser: Browser
) -> None:
    owner = browser(house.owner)
    assert owner.post("/people", data=NEW).status_code == 303
    user = db.session.scalars(db.select(User).where(User.name == "Léa Roux")).one()
    link = link_in("lea.roux@ouest.example")
    path = f"/people/{user.uid}/withdrawal"
    assert browser(an_outsider(house, Role.OWNER)).post(path).status_code == 404
    assert owner.post(path).status_code == 303
    assert browser().get(link).status_code == 410
    assert owner.post(f"/people/{user.uid}/opening").status_code == 422
    assert browser(house.operator).post("/people", data={**NEW, "role": "finance"}).status_code == 303
    told = db.session.scalars(db.select(JournalEntry).where(JournalEntry.what == "withdraw_invitation")).one()
    assert told.details == {"email": "lea.roux@ouest.example"}


def test_004_19_a_lost_password_opens_nothing_until_another_is_chosen(
    house: House, browser: Browser, at
) -> None:
    """004-19, 000-41, 001-29: told in writing, identity checked; then the former one is dead at once."""
    owner, path = browser(house.owner), f"/people/{house.support.uid}/link"
    hers = browser(house.support)
    for missing, words in (
        ({"identity_checked": "y"}, "par écrit"),
        ({"in_writing": "y"}, "identité"),
        ({}, "par écrit"),
    ):
        answer = owner.post(path, data=missing)
        assert answer.status_code == 422 and words in answer.text
    assert hers.get("/").status_code == 200
    assert owner.post(path, data={"in_writing": "y", "identity_checked": "y"}).status_code == 303
    assert hers.get("/").location.startswith("/login")
    entry = {"email": house.support.email, "password": OLD_PASSWORD}
    refused = browser().post("/login", data=entry)
    assert refused.status_code == 422 and "avec le lien reçu" in refused.text
    at(clock.now() + timedelta(hours=1))
    link = link_in(house.support.email)
    assert browser().post(link, data={"password": PASSWORD}).status_code == 303
    assert browser().post("/login", data=entry | {"password": PASSWORD}).status_code == 303


def test_who_forgot_hers_herself_locks_nobody_out(house: House, browser: Browser) -> None:
    browser().post("/forgotten", data={"email": house.support.email})
    entry = {"email": house.support.email, "password": OLD_PASSWORD}
    assert browser().post("/login", data=entry).status_code == 303
