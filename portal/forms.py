"""What a form asks for is done whole, or refused beside the field that it is about."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, IntegerField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.clock import PARIS
from portal.db import db
from portal.errors import Refused
from portal.i18n import said

_DIGITS = 12
WHOLE = ""  # a refusal about no field stands above the form


class WholeNumberField(IntegerField):
    """A whole number of at most twelve digits; a longer one is no number that anybody means."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist and len(valuelist[0].strip()) > _DIGITS:
            raise ValueError(_("Indiquez un nombre entier de douze chiffres au plus."))
        super().process_formdata(valuelist)


def trim(value: str | None) -> str | None:
    """Without what nobody sees, such as signs of no width that come along with pasted text."""
    seen = (sign for sign in value or "" if unicodedata.category(sign) != "Cf" or sign in "\u200c\u200d")
    return " ".join("".join(seen).split()) if value else value


class TicksField(SelectMultipleField):
    """Some of several choices, each with a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DayField(DateField):
    """A day between 1900 and 2199: others are slips, and no calendar of ours reaches them."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and not 1900 <= self.data.year < 2200:
            self.data = None
            raise ValueError(_("Indiquez un jour entre 1900 et 2199."))


def _local(typed: str) -> datetime | None:
    """Without a zone; None for what is no day and hour of a year that anybody means."""
    try:
        found = datetime.fromisoformat(typed[:16])
    except ValueError:
        return None
    return found if found.tzinfo is None and 1900 <= found.year < 2200 else None


def paris_instant(typed: str) -> datetime | None:
    """A day and an hour of Paris as browsers send them, in UTC; None for what is none."""
    local = _local(typed)
    found = local.replace(tzinfo=PARIS).astimezone(UTC) if local else None
    return found if found is not None and found.astimezone(PARIS).replace(tzinfo=None) == local else None


class InstantField(StringField):
    """A day and an hour as Paris clocks show them; of an hour that comes twice, the first.

    required: must something be typed? What does not exist, because the clocks go forward, is refused.
    """

    def __init__(self, label: Any = None, *, required: bool = True, **kwargs: Any) -> None:
        checks = [InputRequired(_l("Indiquez un jour et une heure."))] if required else [Optional()]
        super().__init__(label, checks, render_kw={"type": "datetime-local"}, **kwargs)

    @property
    def instant(self) -> datetime | None:
        """In UTC; None where nothing right was typed."""
        return paris_instant(self.data or "")

    @property
    def found(self) -> datetime:
        """Of a field that was typed right. Raises LookupError otherwise."""
        if self.instant is None:
            raise LookupError(self.name)
        return self.instant

    def pre_validate(self, form: Any) -> None:
        if self.data and _local(self.data) is None:
            raise ValidationError(_("Indiquez un jour et une heure, comme 2026-11-20T18:30."))
        if self.data and self.instant is None:
            raise ValidationError(_("Cette heure n'existe pas : les horloges avancent cette nuit-là."))


@contextmanager
def saving(form: FlaskForm, otherwise: str | None = None) -> Iterator[None]:
    """Do what a valid form asks for and commit it; a refusal undoes everything and is said in the form.

    It stands beside its own field, or beside ``otherwise`` when it names none of this form; without
    ``otherwise`` it goes on to the notice of the page. ``form.errors`` then tells what happened. After a
    refusal no row is locked any more, and each is read afresh.
    """
    with refusals_in(form, otherwise):
        yield
        db.session.commit()


@contextmanager
def refusals_in(form: FlaskForm, otherwise: str | None = None) -> Iterator[None]:
    """Like :func:`saving`, for what commits by itself or only asks."""
    try:
        yield
    except Refused as refusal:
        db.session.rollback()
        if not _say(form, refusal, otherwise):
            raise


def _say(form: FlaskForm, refusal: Refused, otherwise: str | None) -> bool:
    """Put the sentence in the form, in the person's language; False when it has no place there."""
    name = refusal.field if refusal.field in form else otherwise
    if name is None:
        return False
    if name == WHOLE:
        form.form_errors.append(said(refusal))
    else:
        form[name].errors = [said(refusal)]
    return True
