"""People of one's house and of those below: invited, changed, closed at once."""

from collections.abc import Callable

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, Role, get_or_404, public, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.factors import has_factor
from portal.accounts.models import Organisation, OrganisationKind, User, is_same_person
from portal.db import EVERYTHING, db, scope
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.mail import mails_about
from portal.people import access
from portal.people.forms import ForgottenForm, InvitationForm, ResetForm, RoleForm, role_choices
from portal.people.lists import PEOPLE, state_of
from portal.people.panels import person_panel
from portal.people.recovery import open_recovery

bp = Blueprint("people", __name__)


@bp.get("/people")
@requires(Permission.PEOPLE_READ)
def list_people() -> Response:
    return list_page(PEOPLE, "people/list.html")


def _house() -> Organisation:
    """For whom somebody is invited: one's own house, or one below that the address names."""
    asked = request.values.get("house", "")
    if not asked:
        return g.actor.organisation
    return get_or_404(Organisation.visible_to(g.actor), asked)


def _invitation(house: Organisation) -> InvitationForm:
    form = InvitationForm()
    form.role.choices = role_choices(access.roles_in(house))
    return form


@bp.get("/people/new")
@requires(Permission.PEOPLE_WRITE)
def new_person() -> Response:
    house = _house()
    return _new_page(house, _invitation(house))


def _new_page(house: Organisation, form: InvitationForm, status: int = 200) -> Response:
    kind = Organisation.kind == OrganisationKind.RESELLER
    below = Organisation.visible_to(g.actor).where(kind).order_by(Organisation.name)
    houses = {each.id: each for each in (g.actor.organisation, *db.session.scalars(below), house)}
    page = render_template("people/new.html", form=form, house=house, houses=list(houses.values()))
    return make_response(page, status)


@bp.post("/people")
@requires(Permission.PEOPLE_WRITE)
def create_person() -> Response:
    house = _house()
    if asking := confirm_first(url_for(".new_person", house=house.uid)):
        return asking
    form = _invitation(house)
    if form.validate():
        with saving(form, WHOLE):
            user = access.give_account(
                house,
                email=form.email.data,
                name=" ".join(form.name.data.split()),
                role=Role(form.role.data),
                language=form.language.data,
                by=g.actor,
            )
    if form.errors:
        return _new_page(house, form, 422)
    toast = _("L'invitation part à %(email)s.", email=user.email)
    return htmx.go(url_for(".show_person", uid=user.uid), toast=toast)


def _person(uid: str) -> User:
    return get_or_404(User.visible_to(g.actor), uid)


@bp.get("/people/<uid>")
@requires(Permission.PEOPLE_READ)
def show_person(uid: str) -> Response:
    user = _person(uid)
    return _person_page(user, RoleForm(role=user.role.value))


def _person_page(user: User, form: RoleForm, status: int = 200) -> Response:
    form.role.choices = role_choices(access.roles_in(user.organisation))
    page = render_template(
        "people/show.html",
        person=user,
        form=form,
        reset=ResetForm(formdata=None),
        state=state_of(user),
        events=timeline(user),
        mails=mails_about(user),
        has_factor=user.joined_at is not None and has_factor(user),
        is_herself=is_same_person(g.actor, user.id),
        answers=access.answers_for(user, g.actor),
        recovery=open_recovery(user),
        panels=person_panel.shown(user),
    )
    return make_response(page, status)


@bp.post("/people/<uid>/role")
@requires(Permission.PEOPLE_WRITE)
def set_role(uid: str) -> Response:
    user, form = _person(uid), RoleForm()
    if asking := confirm_first(url_for(".show_person", uid=uid)):
        return asking
    form.role.choices = role_choices(access.roles_in(user.organisation))
    if form.validate():
        with saving(form, "role"):
            access.change_role(user, Role(form.role.data), by=g.actor)
    if form.errors:
        return _person_page(_person(uid), form, 422)
    return htmx.go(url_for(".show_person", uid=uid), toast=_("Rôle changé, sessions fermées."))


def _done(uid: str, verb: Callable[..., None], toast: str) -> Response:
    """One act on one person, by whoever has just typed the password."""
    user = _person(uid)
    if asking := confirm_first(url_for(".show_person", uid=uid)):
        return asking
    verb(user, by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_person", uid=uid), toast=toast)


@bp.post("/people/<uid>/closing")
@requires(Permission.PEOPLE_WRITE)
def close(uid: str) -> Response:
    return _done(uid, access.close_account, _("L'accès est fermé, et ses sessions avec lui."))


@bp.post("/people/<uid>/withdrawal")
@requires(Permission.PEOPLE_WRITE)
def withdraw(uid: str) -> Response:
    return _done(uid, access.withdraw_invitation, _("L'invitation est retirée : son lien ne sert plus."))


@bp.post("/people/<uid>/opening")
@requires(Permission.PEOPLE_WRITE)
def open_again(uid: str) -> Response:
    return _done(uid, access.open_account, _("L'accès est rouvert."))


@bp.post("/people/<uid>/link")
@requires(Permission.PEOPLE_WRITE)
def send_link(uid: str) -> Response:
    """The invitation once more; who has a password loses it, once the notice and her identity are checked."""

    def send(user: User, *, by: User) -> None:
        form = ResetForm()
        if user.joined_at is not None:
            ticks = {"in_writing": form.in_writing.data, "identity_checked": form.identity_checked.data}
            access.reset_password(user, by=by, **ticks)
        else:
            access.send_link_again(user, by=by)

    return _done(uid, send, _("Un nouveau lien part par e-mail."))


@bp.get("/forgotten")
@public("somebody who cannot sign in asks for a new password")
def ask_forgotten() -> Response:
    return make_response(render_template("people/forgotten.html", form=ForgottenForm(), sent=False))


@bp.post("/forgotten")
@public("somebody who cannot sign in asks for a new password")
def forgotten() -> Response:
    """The answer is the same whether the address has an account or not."""
    form = ForgottenForm()
    if not form.validate():
        return make_response(render_template("people/forgotten.html", form=form, sent=False), 422)
    with scope(EVERYTHING):
        access.ask_new_password(form.email.data)
        db.session.commit()
    return make_response(render_template("people/forgotten.html", form=form, sent=True))
