"""What waits at the door: files that nobody could read or fetch, and a folder that does not answer."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_

from portal.access import Permission
from portal.bank_door.models import BankDoor, DoorFile, S
from portal.db import instant
from portal.today import Cost, Kind, Todo, waits

PATIENCE = timedelta(hours=1)  # with a file that is not whole, and with a folder that does not answer
FETCHING = timedelta(hours=4)  # for the bank's software to take what lies in the outbox


def _stuck() -> Select[tuple[DoorFile]]:
    half = DoorFile.state.in_([S.ARRIVING, S.BROKEN]) & (DoorFile.created_at <= instant(PATIENCE))
    left = (DoorFile.state == S.WRITTEN) & (DoorFile.seen_at <= instant(FETCHING))
    return DoorFile.visible_to(g.actor).where(or_(DoorFile.state == S.REFUSED, half, left))


def _what(row: DoorFile) -> str:
    if row.state == S.REFUSED:
        return _("Fichier de la banque refusé : %(why)s", why=row.why)
    if row.state == S.WRITTEN:
        return _("Fichier déposé pour la banque, que personne n'a enlevé")
    return _("Fichier de la banque incomplet ou illisible")


waits(
    Kind(
        name="bank_door.file",
        label=_l("Fichiers arrêtés à la porte de la banque"),
        cost=Cost.MONEY,
        permission=Permission.BANK_WRITE,
        rows=_stuck,
        order=(DoorFile.id,),
        tell=lambda row: Todo(
            what=_what(row),
            who=row.name,
            due=row.seen_at,
            url=url_for("bank_door.show_file", uid=row.uid),
            button=_("Regarder"),
        ),
        everything=lambda: url_for("bank_door.list_files"),
        entry="sepa.cockpit",
    )
)
waits(
    Kind(
        name="bank_door.fault",
        label=_l("Portes de la banque en panne"),
        cost=Cost.MONEY,
        permission=Permission.ENTITY_WRITE,
        rows=lambda: BankDoor.visible_to(g.actor).where(
            BankDoor.is_open, BankDoor.fault_since <= instant(PATIENCE)
        ),
        order=(BankDoor.id,),
        tell=lambda row: Todo(
            what=_("Le dossier de la banque ne répond pas (%(error)s)", error=row.fault),
            who=row.legal_entity.name,
            due=row.fault_since,
            url=url_for("bank_door.edit_door", uid=row.legal_entity.uid),
            button=_("Ouvrir"),
        ),
        everything=lambda: url_for("bank_door.list_files"),
        entry="sepa.cockpit",
    )
)
