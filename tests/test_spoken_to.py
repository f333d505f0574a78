"""A customer is spoken to: no page of hers speaks of her as of somebody else."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import User
from portal.db import db
from portal.engine.models import Vault
from portal.i18n import LANGUAGE_COOKIE
from portal.restore_requests.models import RestoreRequest, RestoreState
from portal.reversibility.models import CaseState, Reason, ReversibilityCase
from tests.builders import House, a_user
from tests.codes import codes_in
from tests.test_reachable import pages_of
from tests.world import a_world

Browser = Callable[..., FlaskClient]
OF_HER = {
    "fr": re.compile(r"\b(?:le|du|au) client\b", re.IGNORECASE),
    "en": re.compile(r"\bthe customer\b", re.IGNORECASE),
}
# A page of examples, whose sentences are nobody's.
STAYS = ("Le client a lu et accepté ces conditions", "The customer has read and accepted these terms")


def read_on(page: str) -> str:
    """The words of a page, those of labels for screen readers included."""
    labels = " ".join(re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', page))
    text = " ".join(unescape(re.sub(r"<[^>]*>", " ", f"{page} {labels}")).split())
    for kept in STAYS:
        text = text.replace(kept, " ")
    return text


def spoken_of(client: FlaskClient, path: str, language: str) -> set[str]:
    answer = client.get(path, buffered=True)
    if answer.status_code != 200 or answer.mimetype != "text/html":
        return set()
    text = read_on(answer.text)
    found = OF_HER[language].finditer(text)
    return codes_of(path, text) | {
        f"{path}: {text[max(0, each.start() - 60) : each.end() + 40]}" for each in found
    }


def codes_of(path: str, text: str) -> set[str]:
    return {f"{path}: {each}" for each in codes_in(text)}


def her(vault: Vault) -> User:
    person = a_user(vault.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return person


@pytest.fixture
def ids(house: House) -> dict[str, str]:
    return a_world(house)


@pytest.fixture
def vault(ids: dict[str, str]) -> Vault:
    return db.session.scalars(db.select(Vault).where(Vault.uid == ids["/vaults/"])).one()


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
@pytest.mark.parametrize("language", OF_HER)
def test_a_customer_is_not_spoken_of(
    app: Flask, ids: dict[str, str], vault: Vault, browser: Browser, language: str
) -> None:
    client = browser(her(vault))
    client.set_cookie(LANGUAGE_COOKIE, language)
    paths = [path for _endpoint, path in pages_of(app, Role.CUSTOMER, ids)]
    assert len(paths) >= 20
    found = set().union(*(spoken_of(client, path, language) for path in paths))
    assert sorted(found) == [], "\n".join(sorted(found))


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
@pytest.mark.parametrize("language", OF_HER)
def test_a_customer_is_not_spoken_of_at_any_step(
    house: House, ids: dict[str, str], vault: Vault, browser: Browser, language: str
) -> None:
    case = db.session.scalars(db.select(ReversibilityCase)).one()
    request = db.session.scalars(db.select(RestoreRequest)).one()
    hers, staffs = browser(her(vault)), browser(house.operator)
    found, said = set(), set()
    for client in (hers, staffs):
        client.set_cookie(LANGUAGE_COOKIE, language)
    states = [state for state in CaseState if state != CaseState.QUOTED]  # this contract has no quotes
    steps = [(case, state, reason) for state in states for reason in (Reason.COPY, Reason.DESTROY)]
    for row, state, reason in [*steps, *((request, state, None) for state in RestoreState)]:
        row.state = state
        if reason:
            row.reason, row.quote_cents = reason, 100
        db.session.commit()
        path = f"/{'reversibility' if reason else 'restore-requests'}/{row.uid}"
        assert hers.get(path).status_code == staffs.get(path).status_code == 200
        for client, into in ((hers, found), (staffs, said)):
            into |= {f"{state} {each}" for each in spoken_of(client, path, language)}
            into |= spoken_of(client, "/", language)
    assert sorted(found) == [], "\n".join(sorted(found))
    assert said  # whoever works for her reads of her
