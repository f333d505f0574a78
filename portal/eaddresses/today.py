"""Addresses to settle before the next invoices, a directory that is silent or old, a file that is wrong."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select

from portal.access import Permission
from portal.db import instant
from portal.eaddresses.lists import TO_SETTLE
from portal.eaddresses.models import EAddress, EAddressDirectory, EAddressFile, EAddressLine, F, Way
from portal.eaddresses.queries import to_settle
from portal.eaddresses.rules import REFRESH
from portal.today import Cost, Kind, Todo, waits
from portal.words.eaddresses import remedy

PATIENCE = timedelta(hours=12)  # a night, with a directory that does not answer


def _old() -> Select[tuple[EAddressDirectory]]:
    fresh = select(EAddressFile.id).where(
        EAddressFile.directory_id == EAddressDirectory.id,
        EAddressFile.state == F.READ,
        EAddressFile.seen_at > instant(REFRESH),
    )
    return EAddressDirectory.visible_to(g.actor).where(EAddressDirectory.way == Way.FILES, ~fresh.exists())


def _to_settle() -> Select[tuple[EAddress]]:
    """Once the directory has said anything: before, it is the directory that is to be seen to."""
    said = select(EAddressLine.id).where(EAddressLine.directory_id == EAddress.directory_id)
    return to_settle(g.actor).where(said.exists())


waits(
    Kind(
        name="eaddress.settle",
        label=_l("Adresses électroniques à régler avant de facturer"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_to_settle,
        order=(EAddress.id,),
        tell=lambda row: Todo(
            what=_("Adresse électronique à régler : %(what)s", what=remedy(row.shown_state())),
            who=row.customer.name,
            url=url_for("eaddresses.show_address", uid=row.uid),
            button=_("Régler"),
        ),
        everything=lambda: url_for("eaddresses.list_addresses", standing=TO_SETTLE),
        entry="billing.list_invoices",
    )
)
waits(
    Kind(
        name="eaddress.away",
        label=_l("Annuaires qui ne répondent pas"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=lambda: EAddressDirectory.visible_to(g.actor).where(
            EAddressDirectory.way != Way.OFF, EAddressDirectory.failing_since <= instant(PATIENCE)
        ),
        order=(EAddressDirectory.id,),
        tell=lambda row: Todo(
            what=_("L'annuaire ne répond pas (%(error)s)", error=row.fault),
            who=row.legal_entity.name,
            due=row.failing_since,
            url=url_for("eaddresses.show_settings", uid=row.legal_entity.uid),
            button=_("Ouvrir"),
        ),
        everything=lambda: url_for("eaddresses.list_addresses"),
        entry="billing.list_invoices",
    )
)
waits(
    Kind(
        name="eaddress.old",
        label=_l("Annuaires sans fichier récent"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_old,
        order=(EAddressDirectory.id,),
        tell=lambda row: Todo(
            what=_("Aucun fichier de l'annuaire depuis un mois"),
            who=row.legal_entity.name,
            url=url_for("eaddresses.show_settings", uid=row.legal_entity.uid),
            button=_("Déposer un fichier"),
        ),
        everything=lambda: url_for("eaddresses.list_addresses"),
        entry="billing.list_invoices",
    )
)
waits(
    Kind(
        name="eaddress.file",
        label=_l("Fichiers de l'annuaire refusés"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=lambda: EAddressFile.visible_to(g.actor).where(EAddressFile.state == F.REFUSED),
        order=(EAddressFile.id,),
        tell=lambda row: Todo(
            what=_("Fichier de l'annuaire refusé : %(why)s", why=row.why),
            who=row.name,
            due=row.seen_at,
            url=url_for("eaddresses.show_settings", uid=row.directory.legal_entity.uid),
            button=_("Regarder"),
        ),
        everything=lambda: url_for("eaddresses.list_addresses"),
        entry="billing.list_invoices",
    )
)
