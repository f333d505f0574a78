"""Who may do what, cell by cell, and nobody by somebody else's id."""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, abort, g
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from portal import access
from portal.access import CUSTOMERS, GRANTS, Role
from portal.access import Permission as P
from portal.db import db
from tests.builders import House, a_customer, a_user, an_outsider
from tests.world import a_world

Browser = Callable[..., FlaskClient]
TABLE = tomllib.loads(Path(__file__).with_name("access_matrix.toml").read_text())
ROLES = {role: set(permissions.split()) for role, permissions in TABLE["roles"].items()}
ANYBODY = "anybody"  # who has not signed in
MISSING = "aaaaaaaaaaaaaaaa"
# Behind a signed link, or a token: tests/partners tries somebody else's ids there.
ELSEWHERE = ("/directory/", "/sign/", "/unlock/", "/fetch/", "/api/partner/")


def read_table() -> Iterator[tuple[str, str, str]]:
    """Method, address and what it asks for."""
    for permission, routes in TABLE["routes"].items():
        for method, rule in map(str.split, routes):
            yield method, rule, permission


def expected(role: str, permission: str) -> str:
    """``yes``: the view runs; ``no``: 403; ``login``: sent to the sign-in page."""
    if permission == "public":
        return "yes"
    if role == ANYBODY:
        return "login"
    return "yes" if permission in ROLES[role] else "no"


def rules(app: Flask) -> Iterator[tuple[str, Rule]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, rule


def asked_by(app: Flask, rule: Rule) -> str:
    return str(getattr(app.view_functions[rule.endpoint], "permission", "public"))


def address(rule: str, uid: str = MISSING) -> str:
    return re.sub(r"<(?:\w+:)?\w+>", uid, rule)


def test_every_route_is_in_the_table_and_nothing_else(app: Flask) -> None:
    existing = sorted((method, rule.rule, asked_by(app, rule)) for method, rule in rules(app))
    assert sorted(read_table()) == existing


def test_the_grants_are_those_of_the_table() -> None:
    """Also of a permission that no address asks for by itself, such as one that only shows a button."""
    granted = {
        role.value: {permission.value for permission in P if role in GRANTS[permission]} for role in Role
    }
    assert granted == ROLES


@pytest.fixture
def people(house: House) -> dict[str, object]:
    """One person per role of the table; the customer has an account of its own."""
    customer = a_customer(house.reseller)
    for role in CUSTOMERS:
        house.people[role] = a_user(customer.organisation, role)
    db.session.commit()
    return {role.value: user for role, user in house.people.items()} | {ANYBODY: None}


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
@pytest.mark.parametrize("role", [*ROLES, ANYBODY])
def test_every_cell(
    app: Flask, people: dict[str, Any], browser: Browser, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may is let in and no further: what the pages then show, other walks read.

    Each permission is asked for once over HTTP, at its first address; at the others the view itself is asked.
    """
    monkeypatch.setattr(access, "granted", let_in(access.granted))
    client, endpoints = browser(people[role]), {(method, rule.rule): rule for method, rule in rules(app)}
    wrong, asked = [], set()
    for method, rule, permission in read_table():
        if rule in {"/logout", "/language"}:
            continue  # they answer the same to everybody, and one of them would end the session
        if permission in asked and permission != "public":
            found = at_the_door(app, endpoints[method, rule], people[role])
        else:
            answer = client.open(address(rule), method=method, buffered=True)
            to_login = answer.status_code == 303 and "/login" in answer.headers["Location"]
            found = "login" if to_login else "no" if answer.status_code == 403 else "yes"
            asked.add(permission)
        if found != (wanted := expected(role, permission)):
            wrong.append(f"{method} {rule}: {found} instead of {wanted}")
    assert wrong == []


def at_the_door(app: Flask, rule: Rule, person: Any) -> str:
    """What the view itself answers to somebody who has come as far as that."""
    with app.test_request_context(address(rule.rule)):
        g.actor = person
        try:
            app.view_functions[rule.endpoint](**dict.fromkeys(rule.arguments, MISSING))
        except HTTPException as answer:
            return {401: "login", 403: "no"}.get(answer.code or 0, "yes")
    raise AssertionError(f"{rule.rule} has no door")


def let_in(granted: Callable[[Any, P], bool]) -> Callable[[Any, P], bool]:
    """The same answer at the door of a view, which ends the request where it is yes."""

    def asked(actor: Any, permission: P) -> bool:
        answer = granted(actor, permission)
        if answer and sys._getframe(1).f_code.co_name == "guarded":  # not what a page asks about its buttons
            abort(Response("in"))
        return answer

    return asked


def with_ids(app: Flask, ids: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every address that names a record: its method, with the real id, with one that does not exist."""
    for method, rule in rules(app):
        if not re.search(r"<\w*uid>", rule.rule) or rule.rule.startswith(ELSEWHERE):
            continue
        uid = ids[rule.rule[: rule.rule.index("<")]]
        if rule.rule.count("<") > 1:  # a record below a record: the first id alone decides
            inner = re.sub(r"(<\w*uid>.*?)<[^>]+>", r"\1x", rule.rule)
            yield method, address(inner, uid), address(inner)
        else:
            yield method, address(rule.rule, uid), address(rule.rule)


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
def test_a_foreign_id_answers_like_a_missing_one(app: Flask, house: House, browser: Browser) -> None:
    ids = a_world(house)
    neighbour = a_customer(house.reseller, name="Voisin", siren=None)
    strangers = [an_outsider(house, Role.OWNER), an_outsider(house, Role.SUPPORT)]
    strangers.append(a_user(neighbour.organisation, Role.CUSTOMER))
    db.session.commit()
    for stranger in strangers:
        client = browser(stranger)
        for method, real, missing in with_ids(app, ids):
            first = client.open(real, method=method, buffered=True)
            assert first.status_code in {403, 404}, real
            if first.status_code == 403 and not passes(app, method, real, stranger):
                continue  # turned away before anybody has looked for the record
            second = client.open(missing, method=method, buffered=True)
            assert first.status_code == second.status_code, real
            assert without_tokens(first.data) == without_tokens(second.data), real


def passes(app: Flask, method: str, path: str, person: Any) -> bool:
    """Does the view of this address ask for a permission that the person has?"""
    endpoint, _values = app.url_map.bind("localhost").match(path, method=method)
    permission = getattr(app.view_functions[endpoint], "permission", None)
    return permission is None or access.granted(person, permission)


def without_tokens(page: bytes) -> bytes:
    """A form token differs with every answer, whatever the id."""
    return re.sub(rb'(csrf[-_]token" (?:content|value)=")[^"]*', rb"\1", page)
