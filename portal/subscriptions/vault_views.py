"""Attach to a subscription the repository that its customer's machines back up into."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from portal import clock, htmx, jobs
from portal.access import Permission, get_or_404, may, requires
from portal.actor import Actor
from portal.db import commits, db
from portal.engine.errors import SENTENCES, EngineError
from portal.engine.installed import restic
from portal.engine.models import Vault, register_vault
from portal.engine.port import RepoRef
from portal.engine.sole import tell_second, vaults_at
from portal.errors import Refused
from portal.forms import saving
from portal.journal import record
from portal.panels import Link
from portal.subscriptions.machine_keys import key_for_machines
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link
from portal.subscriptions.vault_places import checked_place

ANSWER_SECONDS = 10  # a person waits
bp = Blueprint("subscription_vaults", __name__, url_prefix="/subscriptions/<uid>/vaults")


class VaultForm(FlaskForm):
    name = StringField(_l("Nom du coffre"), [InputRequired(_l("Donnez un nom au coffre.")), Length(max=80)])
    location = StringField(
        _l("Emplacement du dépôt"), [InputRequired(_l("Indiquez l'emplacement du dépôt.")), Length(max=500)]
    )


def attach_vault(subscription: Subscription, name: str, location: str, *, by: Actor) -> Vault:
    """A new vault of the subscription's customer, once the repository was seen and is no other vault.

    A local repository must lie under ``VAULTS_DIR`` and look like one: nothing else on this machine may
    become a vault, because a vault can be erased. Its size is measured by the worker, at once.
    Raises Refused.
    """
    if subscription.ends_on is not None and subscription.ends_on <= clock.today():
        raise Refused(_("Ce contrat est fini : aucun coffre ne s'y rattache plus."), field="location")
    location = checked_place(location)
    if known := vaults_at(location):
        raise _refused(known, subscription, by)
    db.session.rollback()  # no transaction is held while the storage answers
    try:
        fingerprint = restic(seconds=ANSWER_SECONDS).fingerprint(RepoRef(location))
    except EngineError as error:
        raise Refused(SENTENCES[error.fault], field="location") from error
    if known := vaults_at(location, fingerprint):
        raise _refused(known, subscription, by)
    vault = register_vault(
        subscription.customer, name=name, location=location, subscription_uid=subscription.uid
    )
    vault.identify(fingerprint)
    try:
        db.session.flush()
    except IntegrityError:  # somebody was faster
        db.session.rollback()
        raise _refused(vaults_at(location, fingerprint), subscription, by) from None
    record(vault, "attach", by=by)
    key_for_machines(subscription, by=by)
    jobs.enqueue("vault.measure", f"{vault.uid}:attached", subscription.customer.organisation)
    return vault


@commits
def _refused(known: list[Vault], subscription: Subscription, by: Actor) -> Refused:
    """The refusal, which names nobody; the operator is told whose it is, whatever becomes of the request."""
    if known:
        tell_second(known, by=by, page=url_for("subscriptions.show_subscription", uid=subscription.uid))
        db.session.commit()
    return Refused(
        _("Ce dépôt est déjà rattaché à un coffre : le fournisseur est prévenu."), field="location"
    )


def _page(subscription: Subscription, form: VaultForm, status: int = 200) -> Response:
    page = render_template("subscriptions/new_vault.html", subscription=subscription, form=form)
    return make_response(page, status)


@bp.get("/new")
@requires(Permission.VAULT_WRITE)
def new_vault(uid: str) -> Response:
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), VaultForm())


@bp.post("")
@requires(Permission.VAULT_WRITE)
def create_vault(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = VaultForm()
    if form.validate():
        with saving(form, "location"):
            vault = attach_vault(subscription, form.name.data.strip(), form.location.data.strip(), by=g.actor)
    if form.errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for("vaults.show_vault", uid=vault.uid), toast=_("Coffre rattaché."))


@subscription_link()
def attach_link(subscription: Subscription) -> list[Link]:
    if not may("vault:write") or subscription.ends_on is not None:
        return []
    return [
        Link(url_for("subscription_vaults.new_vault", uid=subscription.uid), _("Rattacher un coffre"), "safe")
    ]
