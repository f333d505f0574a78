"""The legal entities themselves, for operators: a new one, its identity, its numbers, the default one."""

from flask import Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import WHOLE, saving
from portal.resellers.models import LegalEntity
from portal.sepa.blueprint import bp
from portal.sepa.mandates.entity_forms import SERIES_WORDS, EntityForm, IdentityForm, SeriesForm
from portal.sepa.models.entity import ask_default, change_identity, make_entity, series_of, take_over_series


@bp.get("/entities/new")
@requires(Permission.ENTITY_WRITE)
def new_entity() -> Response:
    return make_response(render_template("sepa/new_entity.html", form=EntityForm()))


@bp.post("/entities")
@requires(Permission.ENTITY_WRITE)
def create_entity() -> Response:
    """For the provider, or for the reseller whose people act: an entity bills what lies below its node."""
    form = EntityForm()
    if asking := confirm_first(url_for(".new_entity")):
        return asking
    if form.validate():
        with saving(form, WHOLE):
            entity = make_entity(g.actor.organisation, form.values(), by=g.actor)
    if form.errors or form.form_errors:
        return make_response(render_template("sepa/new_entity.html", form=form), 422)
    toast = _("L'entité est enregistrée.")
    if not entity.is_open:
        toast = _("L'entité est enregistrée ; une deuxième personne doit accepter son compte.")
    return htmx.go(url_for(".edit_entity", uid=entity.uid), toast=toast)


def _entity(uid: str) -> LegalEntity:
    found: LegalEntity = get_or_404(LegalEntity.visible_to(g.actor), uid)
    return found


@bp.get("/entities/<uid>")
@requires(Permission.ENTITY_WRITE)
def edit_entity(uid: str) -> Response:
    entity = _entity(uid)
    return _page(entity, IdentityForm(formdata=None, obj=entity), _no_series())


def _no_series() -> SeriesForm:
    return SeriesForm(formdata=None, year=clock.today().year)


def _page(entity: LegalEntity, form: IdentityForm, series: SeriesForm, status: int = 200) -> Response:
    page = render_template(
        "sepa/entity.html",
        entity=entity,
        form=form,
        series=series,
        known=series_of(entity),
        series_words=SERIES_WORDS,
    )
    return make_response(page, status)


@bp.post("/entities/<uid>")
@requires(Permission.ENTITY_WRITE)
def change_entity(uid: str) -> Response:
    entity, form = _entity(uid), IdentityForm()
    if asking := confirm_first(url_for(".edit_entity", uid=uid)):
        return asking
    if form.validate():
        with saving(form, WHOLE):
            outcome = change_identity(entity, form.identity(), by=g.actor)
    if form.errors or form.form_errors:
        return _page(_entity(uid), form, _no_series(), 422)
    if outcome.asked:
        toast = _("Le début des références attend l'accord d'une deuxième personne.")
        return htmx.go(url_for(".show_creditor", uid=uid), toast=toast)
    toast = _("L'identité est changée.") if outcome.changed else _("Rien n'a changé.")
    return htmx.go(url_for(".edit_entity", uid=uid), toast=toast)


@bp.post("/entities/<uid>/series")
@requires(Permission.ENTITY_WRITE)
def take_series(uid: str) -> Response:
    entity, form = _entity(uid), SeriesForm()
    if asking := confirm_first(url_for(".edit_entity", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "last"):
            take_over_series(entity, form.prefix.data, form.year.data, form.last.data, by=g.actor)
    if form.errors:
        entity = _entity(uid)
        return _page(entity, IdentityForm(formdata=None, obj=entity), form, 422)
    return htmx.go(url_for(".edit_entity", uid=uid), toast=_("La numérotation continue après ce numéro."))


@bp.post("/entities/<uid>/default")
@requires(Permission.ENTITY_WRITE)
def choose_default(uid: str) -> Response:
    entity = _entity(uid)
    if asking := confirm_first(url_for(".edit_entity", uid=uid)):
        return asking
    ask_default(entity, by=g.actor)
    db.session.commit()
    toast = _("Demandé : une deuxième personne doit l'accepter, puis le changement compte après 24 heures.")
    return htmx.go(url_for(".show_creditor", uid=uid), toast=toast)
