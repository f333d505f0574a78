"""Every code that the simulator answers or asks has its word."""

import ast
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from lxml import html

from portal import simulator
from portal.access import Role
from portal.customers.models import CustomerKind
from portal.db import db
from portal.i18n import told
from portal.simulator.question import EVENTS, fields_of
from portal.subscriptions.termination import Reason
from portal.terms.statutes import RULES
from portal.wording import Cents, Sentence, Word
from portal.words import value_words
from portal.words.clauses import ANSWERS, CHOICES, FIELDS, QUESTIONS, STATUSES
from portal.words.term_keys import TERM_KEYS
from portal.words.values import written
from tests.builders import House, a_user
from tests.codes import codes_in
from tests.contracts.builders import dobaas, dropcloud, natso, numspot

Browser = Callable[..., FlaskClient]

PORTAL = Path(simulator.__file__).parent.parent
SOURCES = sorted(
    path
    for path in PORTAL.rglob("*.py")
    if path.parent.name in ("answers", "simulator", "incidents") or "answered(" in path.read_text()
)


def codes(*methods: str, place: int = 0) -> Iterator[str]:
    """The constant that every call of a method of the engine's state (or of ``_at``, ``answered``) is
    given.
    """
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            called = isinstance(node, ast.Call) and ast.unparse(node.func) in methods
            if called and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                yield node.args[place].value


def test_every_answer_has_a_label_and_no_label_is_left_over() -> None:
    asked = {*codes("state.when", "state.amount", "answered"), *codes("_at", place=1)}
    assert len(asked) > 50
    assert asked == set(ANSWERS)


def test_every_status_of_the_simulator_has_a_word() -> None:
    assert {*codes("state.status", place=1), "not_started", "active"} == set(STATUSES)


def test_every_question_field_and_choice_has_a_word() -> None:
    assert set(EVENTS) == set(QUESTIONS)
    fields = [field for what in EVENTS for field in fields_of(what)]
    assert {field.name for field in fields} == set(FIELDS)
    assert {str(choice) for field in fields for choice in field.choices} == set(CHOICES)


def test_every_point_of_law_has_a_label() -> None:
    assert {rule.key for rule in RULES} <= set(TERM_KEYS)


def test_a_kept_sentence_is_told_in_the_readers_language(app: Flask) -> None:
    sentence = Sentence(
        "Demande reçue le %(on)s, plus %(delay)s.",
        {
            "on": date(2026, 11, 21),
            "delay": Sentence("%(n)d %(unit)s", {"n": 3, "unit": Word("jours ouvrés")}),
        },
    )
    with app.test_request_context(), force_locale("en"):
        assert told(sentence) == "Request received on 21 November 2026, plus 3 business days."
    with app.test_request_context(), force_locale("fr"):
        assert told(sentence) == "Demande reçue le 21 novembre 2026, plus 3 jours ouvrés."
        assert told(Sentence("%(a)s", {"a": Cents(123450)})).replace("\u202f", " ") == "1 234,50\u00a0€"


def test_a_value_is_shown_with_its_unit(app: Flask) -> None:
    with app.test_request_context(), force_locale("fr"):
        assert written("months", 3) == "3 mois"
        assert written("days", 1) == "1 jour"
        assert written("basis_points", 1000) == "10\u00a0%"
        assert written("flag", False) == "non"
        assert written("choice", "registered_letter") == "lettre recommandée"
        assert written("list", ("email", "post")) == "courriel, courrier"
        assert written("cents", 4000) == "40,00\u00a0€"
        assert written("count", None) == "sans effet"


@pytest.mark.slow
@pytest.mark.parametrize("maker", [natso, dropcloud, dobaas, numspot])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_page_of_a_contract_shows_a_raw_code(
    house: House, browser: Browser, maker: Callable[..., Any], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown: set[str] = set()

    class Heard(dict[str, Any]):
        def get(self, code: str, default: Any = None) -> Any:
            if code not in self:
                unknown.add(code)
            return super().get(code, default)

    monkeypatch.setattr(value_words, "WORDS", Heard(value_words.WORDS))
    subscription, client = maker(house, kind=CustomerKind.BUSINESS), browser(house.owner)
    client.set_cookie("language", language)
    pages = [f"/contracts/{subscription.uid}", f"/subscriptions/{subscription.uid}"]
    for reason in Reason:
        asked = f"day=2026-11-23&sent_on=2026-11-23&reason={reason}&noticed_on=2026-11-02"
        pages += [f"/contracts/{subscription.uid}/leaving?{asked}"]
        pages += [f"/subscriptions/{subscription.uid}/termination?{asked}"]
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = " ".join(html.fromstring(answer.text).xpath("//main//text()[not(parent::script)]"))
        assert not re.findall(r"[a-z]+(?:_[a-z0-9]+)+", text), address
    person = a_user(subscription.customer.organisation, Role.CUSTOMER)
    db.session.commit()
    hers = browser(person)
    hers.set_cookie("language", language)
    for address in pages[:4]:
        text = " ".join(html.fromstring(hers.get(address).text).xpath("//main//text()[not(parent::script)]"))
        assert not codes_in(text), address
    assert not unknown, "every choice that a page shows has a word, or is a name"
