"""Whatever is posted to whichever address, the answer is a sentence and never an accident."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from wtforms import DateField, DecimalField, IntegerField, StringField

from portal.access import GRANTS, Role
from portal.billing.rate_views import PercentField
from portal.euro_field import EuroField
from portal.forms import InstantField
from tests.builders import House
from tests.test_access import address, rules
from tests.world import a_world

Browser = Callable[..., FlaskClient]
pytestmark = [pytest.mark.slow, pytest.mark.strict, pytest.mark.usefixtures("no_badges")]


def subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def fields() -> dict[str, set[type]]:
    """Every name that a form knows, with the kinds of its fields, and what views read themselves."""
    names: dict[str, set[type]] = {
        name: {StringField}
        for name in ("file", "step", "uid", "confirm", "passphrase", "sealed", "code", "volumes")
    }
    for form in subclasses(FlaskForm):
        for name in dir(form):
            if kind := getattr(getattr(form, name), "field_class", None):
                names.setdefault(name, set()).add(kind)
    return names


LARGE, LARGER, TEXT, ODD = "9" * 20, "9" * 400, "x" * 300, "\u202e=1+1\u00a0é\ud7ff"
# What stands in each field in each of the rounds: days that no calendar has, numbers that no column holds,
# text that no line has room for. A name that is a day in one form and a number in another is taken for a day.
ROUNDS = {
    "day": ("9999-12-31", "0001-01-01", ODD, ""),
    "number": (LARGER, LARGE, "-1", ODD),
    "text": (TEXT, ODD, LARGER, ""),
}


def typed(round: int) -> dict[str, Any]:
    """What is posted in this round."""

    def what(kinds: set[type]) -> str:
        if any(issubclass(kind, (DateField, InstantField)) for kind in kinds):
            return "day"
        numbers = (IntegerField, DecimalField, EuroField, PercentField)
        return "number" if any(issubclass(kind, numbers) for kind in kinds) else "text"

    return {name: ROUNDS[what(kinds)][round] for name, kinds in fields().items()}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("round", range(4))
def test_no_form_breaks(app: Flask, house: House, browser: Browser, round: int) -> None:
    ids = a_world(house)
    data = typed(round)
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
