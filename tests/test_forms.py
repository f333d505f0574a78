"""What a form asks for is done whole, or refused in the form."""

from collections.abc import Iterator

import pytest
from flask import Flask, g
from flask_wtf import FlaskForm
from wtforms import StringField

from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.errors import Conflict, Refused
from portal.forms import WHOLE, refusals_in, saving
from portal.wording import N_
from tests.builders import House, a_customer

_SENTENCE = N_("Cette date est dans le futur.")


class DayForm(FlaskForm):
    on = StringField()
    note = StringField()


@pytest.fixture
def form(app: Flask, house: House) -> Iterator[DayForm]:
    db.session.commit()
    with app.test_request_context(method="POST"), scope(EVERYTHING):
        g.actor = None
        yield DayForm()


def test_what_was_done_is_committed(house: House, form: DayForm) -> None:
    customer = a_customer(house.reseller)
    with saving(form, "on"):
        customer.name = "Nouveau nom"
    db.session.rollback()
    assert customer.name == "Nouveau nom"
    assert form.errors == {}


def test_a_refusal_stands_beside_its_field_and_undoes_everything(house: House, form: DayForm) -> None:
    customer = a_customer(house.reseller)
    db.session.commit()
    before = customer.name
    with saving(form, "on"):
        customer.name = "Nouveau nom"
        db.session.flush()
        raise Refused(_SENTENCE, field="note")
    assert form.errors == {"note": [_SENTENCE]}
    assert db.session.get(Customer, customer.id).name == before


def test_a_refusal_without_a_field_stands_beside_the_one_named_for_it(form: DayForm) -> None:
    with saving(form, "on"):
        raise Refused(_SENTENCE)
    assert form.errors == {"on": [_SENTENCE]}


def test_a_refusal_about_a_field_of_another_form_stands_there_too(form: DayForm) -> None:
    with saving(form, "on"):
        raise Refused(_SENTENCE, field="elsewhere")
    assert form.errors == {"on": [_SENTENCE]}


def test_a_refusal_can_stand_above_the_form(form: DayForm) -> None:
    with saving(form, WHOLE):
        raise Refused(_SENTENCE)
    assert form.form_errors == [_SENTENCE]
    assert form.errors


@pytest.mark.parametrize("field", [None, "elsewhere"])
def test_a_refusal_without_a_place_goes_on_to_the_notice_of_the_page(
    house: House, form: DayForm, field: str | None
) -> None:
    customer = a_customer(house.reseller)
    db.session.commit()
    before = customer.name
    with pytest.raises(Refused, match="futur"), saving(form):
        customer.name = "Nouveau nom"
        raise Refused(_SENTENCE, field=field)
    assert form.errors == {}
    assert customer.name == before


def test_what_is_no_refusal_passes(form: DayForm) -> None:
    with pytest.raises(Conflict), saving(form, "on"):
        raise Conflict(_SENTENCE)


def test_a_refusal_is_said_in_the_persons_language(app: Flask, house: House) -> None:
    with app.test_request_context(method="POST", headers={"Accept-Language": "en"}):
        g.actor = None
        form = DayForm()
        with refusals_in(form, "on"):
            raise Refused(N_("Un client ne peut pas avoir de clients."))
        assert form.errors == {"on": ["A customer cannot have customers."]}
