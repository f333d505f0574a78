"""Whatever is posted to whichever address, the answer is a sentence and never an accident."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm

from portal.access import GRANTS, Role
from tests.builders import House
from tests.test_access import address, rules
from tests.world import a_world

Browser = Callable[..., FlaskClient]
pytestmark = [pytest.mark.slow, pytest.mark.strict, pytest.mark.usefixtures("no_badges")]


def subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def field_names() -> set[str]:
    """Every name that a form of the portal knows, and those that views read by themselves."""
    names = {"file", "step", "uid", "confirm", "passphrase", "sealed", "code", "volumes"}
    for form in subclasses(FlaskForm):
        names |= {name for name in dir(form) if hasattr(getattr(form, name), "field_class")}
    return names


VALUES: dict[str, Any] = {
    "400 digits": "9" * 400,
    "20 digits": "9" * 20,
    "negative": "-1",
    "text": "x" * 300,
    "odd": "\u202e=1+1\u00a0é\ud7ff",
    "empty": "",
    "far day": "9999-12-31",
    "early day": "0001-01-01",
}


@pytest.mark.parametrize("value", VALUES)
def test_no_form_breaks(app: Flask, house: House, browser: Browser, value: str) -> None:
    ids = a_world(house)
    data = dict.fromkeys(field_names(), VALUES[value])
    broken = []
    left = [rule for method, rule in rules(app) if method == "POST"]
    for role in (Role.OWNER, Role.OPERATOR, Role.FINANCE):  # each address once, by the first who may
        client = browser(house.people[role])
        for rule in list(left):
            view = app.view_functions[rule.endpoint]
            permission = getattr(view, "permission", None)
            if permission is None or role not in GRANTS[permission]:
                continue
            left.remove(rule)
            start = rule.rule.partition("<")[0]
            path = address(rule.rule, ids.get(start, "aaaaaaaaaaaaaaaa"))
            if rule.rule in {"/logout"}:
                continue
            try:
                answer = client.post(path, data=data, buffered=True)
            except Exception as error:
                broken.append(f"{role} {path}: {type(error).__name__}: {str(error)[:80]}")
            else:
                if answer.status_code >= 500:
                    broken.append(f"{role} {path}: {answer.status_code}")
    assert broken == []


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"key":' * 20_000, "\x00", "9" * 5000, '{"key": 1e999}', ""]
)
def test_no_body_breaks_the_interface_of_machines(
    app: Flask, browser: Browser, house: House, body: str
) -> None:
    client = browser()
    for method, rule in rules(app):
        if rule.rule.startswith("/api/") and method in {"POST", "PUT"}:
            answer = client.open(
                address(rule.rule),
                method=method,
                data=BytesIO(body.encode()),
                content_type="application/json",
            )
            assert 400 <= answer.status_code < 500, rule.rule
