"""What an operator sets once, on the machine and with people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import current_app, g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.catalogue.models import Product
from portal.crypto.seals import read_certificate
from portal.crypto.secrets import keyring
from portal.first_steps import Step, first_step, some_of
from portal.resellers.models import LegalEntity, NumberSeries
from portal.safekeeping.models import Rehearsal, SafetyRun

_GUIDE = "setup"
_TWO = 2  # people release a batch
_SEAL_AHEAD = timedelta(days=90)


def _set(setting: str) -> Callable[[], bool]:
    return lambda: bool(current_app.config[setting])


def _place(name: str) -> Callable[[], str]:
    return lambda: url_for("guide.show_page", name=_GUIDE, _anchor=name)


def _work() -> str:
    return url_for("operations.show_work")


def _good(kind: Rehearsal) -> Callable[[], ColumnElement[bool]]:
    return lambda: some_of(select(SafetyRun).where(SafetyRun.kind == kind, SafetyRun.is_good))


def _finance() -> ColumnElement[bool]:
    own = User.organisation_id == g.actor.organisation_id, User.role == Role.FINANCE, User.works()
    return select(func.count() >= _TWO).where(*own).scalar_subquery()


def _resellers() -> ColumnElement[bool]:
    own = Organisation.visible_to(g.actor)
    return some_of(own.where(Organisation.kind == OrganisationKind.RESELLER))


def _entities() -> ColumnElement[bool]:
    return some_of(LegalEntity.visible_to(g.actor))


def _entities_page() -> str:
    return url_for("sepa.list_creditors")


def _series() -> ColumnElement[bool]:
    """Taken over from the system before, or begun with a first invoice."""
    return some_of(NumberSeries.visible_to(g.actor).where(NumberSeries.prefix == "FA"))


def _seal() -> bool:
    until = read_certificate(keyring().seal_certificate_pem).until
    return until - clock.now() > _SEAL_AHEAD


def _offers() -> ColumnElement[bool]:
    return some_of(Product.visible_to(g.actor).where(Product.is_on_sale))


_STEPS: tuple[tuple[str, Any, Callable[[], str], Callable[[], ColumnElement[bool] | bool]], ...] = (
    ("entity", _l("Avoir une entité juridique qui facture et prélève"), _entities_page, _entities),
    ("series", _l("Reprendre la suite des factures, ou la commencer"), _entities_page, _series),
    ("seal", _l("Avoir un cachet valable"), lambda: url_for("setup.show", _anchor="seal"), _seal),
    ("mail", _l("Régler le relais de courrier"), _place("mail"), _set("SMTP_URL")),
    ("storage", _l("Nommer les serveurs des coffres"), _place("storage"), _set("VAULT_HOSTS")),
    ("backup.place", _l("Dire où le portail se sauvegarde"), _place("backup"), _set("BACKUP_REPO")),
    ("backup.good", _l("Réussir une première sauvegarde du portail"), _work, _good(Rehearsal.BACKUP)),
    ("drill.good", _l("Réussir un premier exercice de restauration"), _work, _good(Rehearsal.DRILL)),
    ("people", _l("Avoir deux comptes de la finance"), _place("people"), _finance),
    ("offer", _l("Avoir une offre en vente"), lambda: url_for("setup.show", _anchor="offers"), _offers),
    ("reseller", _l("Avoir un premier revendeur"), lambda: url_for("resellers.new_reseller"), _resellers),
)
for _rank, (_name, _label, _url, _is_done) in enumerate(_STEPS):
    first_step(Step(_name, _rank, Role.OPERATOR, _label, _url, _is_done))
