"""One's own account: name, language, password, and where one is signed in."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import htmx
from portal.access import Permission, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import SignIn, User, end_sign_ins, memberships_of, open_memberships
from portal.db import EVERYTHING, db, scope
from portal.forms import saving
from portal.journal import record
from portal.mail.wishes import declined_of, groups_for
from portal.paging import page_of
from portal.people import access
from portal.people.forms import AccountForm, NewPasswordForm, OwnEmailForm
from portal.people.own_email import ask_email

bp = Blueprint("account", __name__, url_prefix="/account")


@bp.get("")
@requires(Permission.HOME_READ)
def show() -> Response:
    return _page()


def _page(
    form: AccountForm | None = None,
    password: NewPasswordForm | None = None,
    email: OwnEmailForm | None = None,
    status: int = 200,
) -> Response:
    hers = select(User.id).where(User.person_id == g.actor.person_id)
    live = select(SignIn).where(SignIn.user_id.in_(hers), SignIn.ended_at.is_(None))
    with scope(EVERYTHING):  # in whatever house
        sessions = page_of(live.options(joinedload(SignIn.user)), SignIn.id.desc(), name="sessions")
    page = render_template(
        "people/account.html",
        form=form or AccountForm(formdata=None, name=g.actor.name, language=g.actor.language or "fr"),
        password=password or NewPasswordForm(formdata=None),
        email=email or OwnEmailForm(formdata=None),
        sessions=sessions,
        memberships=open_memberships(g.sign_in.user),
        groups=groups_for(g.actor.role),
        declined=g.sign_in.user.declined,
        here=g.sign_in,
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.ACCOUNT_WRITE)
def save() -> Response:
    form = AccountForm()
    if not form.validate():
        return _page(form, status=422)
    with scope(EVERYTHING):
        for each in memberships_of(g.actor):  # she is called the same in every house
            each.name, each.language = " ".join(form.name.data.split()), form.language.data
        db.session.commit()
    return htmx.go(url_for(".show"), toast=_("C'est enregistré."))


@bp.post("/password")
@requires(Permission.ACCOUNT_WRITE)
def change_password() -> Response:
    form = NewPasswordForm()
    if form.validate():
        with saving(form, "password"):
            access.change_password(g.actor, form.old.data, form.password.data, keep=g.sign_in)
    if form.errors:
        return _page(password=form, status=422)
    return htmx.go(url_for(".show"), toast=_("Mot de passe changé ; vos autres sessions sont fermées."))


@bp.post("/email")
@requires(Permission.ACCOUNT_WRITE)
def change_email() -> Response:
    """The answer is the same whether the address is somebody's already or not."""
    if asking := confirm_first(url_for(".show")):
        return asking
    form = OwnEmailForm()
    if form.validate():
        with saving(form, "email"):
            ask_email(g.actor, form.email.data)
    if form.errors:
        return _page(email=form, status=422)
    return htmx.go(
        url_for(".show"), toast=_("Un lien vient de partir à cette adresse : ouvrez-le pour la confirmer.")
    )


@bp.post("/notices")
@requires(Permission.ACCOUNT_WRITE)
def choose_notices() -> Response:
    """Of this membership: what she wants to know of one house she may not want to know of another."""
    g.actor.declined = declined_of(g.actor.role, request.form.getlist("group"))
    record(g.actor, "choose_notices", by=g.actor, declined=g.actor.declined)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("C'est enregistré."))


@bp.post("/sessions")
@requires(Permission.ACCOUNT_WRITE)
def end_others() -> Response:
    """Signed out everywhere but here."""
    end_sign_ins(g.actor, but=g.sign_in)
    record(g.actor, "end_sign_ins", by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show"), toast=_("Vos autres sessions sont fermées."))
