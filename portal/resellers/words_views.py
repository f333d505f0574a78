"""The words of a house's mails: all kinds, and one of them to write, look at and try."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy import select
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Optional

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.models import Organisation, OrganisationKind
from portal.db import db
from portal.forms import WHOLE, refusals_in, saving
from portal.i18n import LANGUAGES
from portal.mail import KINDS
from portal.mail.free import HOLDERS, LONGEST, Words
from portal.mail.homes import home_for
from portal.mail.reading import read
from portal.resellers.mail_words import (
    FOR_CUSTOMERS,
    MailWords,
    judged,
    said_by,
    set_words,
    shown_with,
    try_words,
)
from portal.resellers.reseller import Reseller

bp = Blueprint("mail_words", __name__, url_prefix="/mail-words/<uid>")


class WordsForm(FlaskForm):
    kind = HiddenField()
    language = HiddenField()
    opening = TextAreaField(_l("Pour commencer"), [Optional()], render_kw={"rows": 4})
    closing = TextAreaField(_l("Pour finir"), [Optional()], render_kw={"rows": 4})

    @property
    def words(self) -> Words:
        return Words(self.opening.data or "", self.closing.data or "")


def _house(uid: str) -> Organisation:
    found: Organisation = get_or_404(Organisation.visible_to(g.actor), uid)
    if found.kind == OrganisationKind.CUSTOMER:
        abort(404)
    return found


def _kind() -> tuple[str, str]:
    """Which mail, in which language: the first, and the reader's, where the address does not say."""
    kind = request.values.get("kind", FOR_CUSTOMERS[0])
    language = request.values.get("language", str(get_locale()))
    if kind not in FOR_CUSTOMERS or language not in LANGUAGES:
        abort(404)
    return kind, language


def _reseller_of(house: Organisation) -> Reseller | None:
    return db.session.scalars(select(Reseller).where(Reseller.organisation_id == house.id)).one_or_none()


@bp.get("")
@requires(Permission.BRAND_WRITE)
def contents(uid: str) -> str:
    house = _house(uid)
    return render_template(
        "resellers/words.html",
        house=house,
        reseller=_reseller_of(house),
        kinds=[(name, KINDS[name].label) for name in FOR_CUSTOMERS],
        own=said_by(house),
    )


@bp.get("/text")
@requires(Permission.BRAND_WRITE)
def edit(uid: str) -> Response:
    house, (kind, language) = _house(uid), _kind()
    own = MailWords.of(house, kind, language)
    words = own.words if own else Words()
    form = WordsForm(formdata=None, opening=words.opening, closing=words.closing)
    return _page(house, form, words)


def _page(house: Organisation, form: WordsForm, words: Words, status: int = 200) -> Response:
    kind, language = _kind()
    form.kind.data, form.language.data = kind, language
    shown = shown_with(house, kind, language, words, to=g.actor)
    page = render_template(
        "resellers/words_of_mail.html",
        house=house,
        reseller=_reseller_of(house),
        form=form,
        label=KINDS[kind].label,
        shown=shown,
        read=read(shown.body, home_for(house)),
        holders=HOLDERS[language],
        longest=LONGEST,
        has_own=MailWords.of(house, kind, language) is not None,
    )
    return make_response(page, status)


@bp.post("/text")
@requires(Permission.BRAND_WRITE)
def change(uid: str) -> Response:
    house, (kind, language), form = _house(uid), _kind(), WordsForm()
    if form.validate():
        with saving(form, WHOLE):
            changed = set_words(house, kind, language, form.words, by=g.actor)
    if form.errors or form.form_errors:
        return _page(_house(uid), form, Words(), 422)
    toast = _("Les mots sont enregistrés.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".edit", uid=uid, kind=kind, language=language), toast=toast)


@bp.post("/preview")
@requires(Permission.BRAND_WRITE)
def preview(uid: str) -> Response:
    """The page with what is typed, which is not kept."""
    house, language, form = _house(uid), _kind()[1], WordsForm()
    words = Words()
    if form.validate():
        with refusals_in(form, WHOLE):
            words = judged(form.words, language)
    return _page(house, form, words, 422 if form.errors or form.form_errors else 200)


@bp.post("/try")
@requires(Permission.BRAND_WRITE)
def send_try(uid: str) -> Response:
    """A mail to oneself with what is typed, which is not kept."""
    house, (kind, language), form = _house(uid), _kind(), WordsForm()
    if form.validate():
        with saving(form, WHOLE):
            try_words(house, kind, language, judged(form.words, language), to=g.actor)
    if form.errors or form.form_errors:
        return _page(_house(uid), form, Words(), 422)
    toast = _("L'essai part à %(address)s.", address=g.actor.email)
    return htmx.go(url_for(".edit", uid=uid, kind=kind, language=language), toast=toast)


@bp.post("/shipped")
@requires(Permission.BRAND_WRITE)
def take_shipped(uid: str) -> Response:
    house, (kind, language), form = _house(uid), _kind(), WordsForm(formdata=None)
    with saving(form, WHOLE):
        changed = set_words(house, kind, language, Words(), by=g.actor)
    toast = _("Les mots d'origine sont de retour.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".edit", uid=uid, kind=kind, language=language), toast=toast)
