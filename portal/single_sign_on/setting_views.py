"""The page where a house says which directory is hers."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.mail.homes import home_for
from portal.people.access import roles_in
from portal.single_sign_on.acts import remove_directory, save_directory
from portal.single_sign_on.forms import DirectoryForm
from portal.single_sign_on.models import Directory, directory_of
from portal.words.choices import ROLES

bp = Blueprint("directory_settings", __name__, url_prefix="/people/directory")


@bp.get("")
@requires(Permission.PEOPLE_WRITE)
def show() -> Response:
    row = directory_of(g.actor.organisation)
    return _page(row, _filled(row))


def _roles() -> list[tuple[str, str]]:
    """Code and word of what somebody may be in this house."""
    return [(role.value, str(ROLES[role])) for role in roles_in(g.actor.organisation)]


def _coded(pairs: list[list[str]]) -> list[list[str]]:
    """The roles by their codes, however they were typed; what is none stays as it is."""
    codes = {word.casefold(): code for code, word in _roles()}
    return [[group, codes.get(role.casefold(), role)] for group, role in pairs]


def _filled(row: Directory | None) -> DirectoryForm:
    if row is None:
        return DirectoryForm(formdata=None)
    words = dict(_roles())
    roles = "\n".join(f"{group} = {words.get(role, role)}" for group, role in row.roles)
    form = DirectoryForm(formdata=None, obj=row)
    form.roles.data = roles
    return form


def _page(row: Directory | None, form: DirectoryForm, status: int = 200) -> Response:
    house = g.actor.organisation
    page = render_template(
        "single_sign_on/settings.html",
        directory=row,
        form=form,
        roles=[word for _code, word in _roles()],
        back=f"{home_for(house)}{url_for('single_sign_on.come_back')}",
        events=timeline(row) if row is not None else [],
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.PEOPLE_WRITE)
def save() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    form, house = DirectoryForm(), g.actor.organisation
    if form.validate():
        with saving(form, WHOLE):
            names = ("issuer", "client_id", "role_claim", "wants_factor", "is_on", "is_only")
            values = {name: form[name].data for name in names}
            save_directory(
                house, secret=form.secret.data or "", roles=_coded(form.pairs()), by=g.actor, **values
            )
    if form.errors or form.form_errors:
        return _page(directory_of(g.actor.organisation), form, 422)
    return htmx.go(url_for(".show"), toast=_("L'annuaire est enregistré."))


@bp.post("/removal")
@requires(Permission.PEOPLE_WRITE)
def remove() -> Response:
    if asking := confirm_first(url_for(".show")):
        return asking
    if (row := directory_of(g.actor.organisation)) is not None:
        remove_directory(row, by=g.actor)
        db.session.commit()
    return htmx.go(url_for(".show"), toast=_("L'annuaire est retiré : les mots de passe ouvrent de nouveau."))
