"""Every code that the simulator answers or asks has its word."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flask import Flask
from flask_babel import force_locale

from portal import simulator
from portal.i18n import told
from portal.simulator.question import EVENTS, fields_of
from portal.terms.statutes import RULES
from portal.wording import Cents, Sentence, Word
from portal.words.clauses import ANSWERS, CHOICES, FIELDS, LEGAL, QUESTIONS, STATUSES
from portal.words.values import written

PORTAL = Path(simulator.__file__).parent.parent
SOURCES = sorted(
    path
    for path in PORTAL.rglob("*.py")
    if path.parent.name in ("answers", "simulator") or "answered(" in path.read_text()
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
    assert {rule.key for rule in RULES} == set(LEGAL)


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
