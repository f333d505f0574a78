"""Every file that has passed the door, the newest first."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.bank_door.models import BankDoor, DoorFile, DoorFileState
from portal.listing import FILE, NAME, WIDE, Choice, Column, Link, Listing, Nothing, Period, Pill, define
from portal.resellers.lists import entity_choice
from portal.words.states import look_of


def _states() -> list[tuple[str, Any]]:
    return [(state.value, look_of(state).word) for state in DoorFileState]


DOOR_FILES: Listing[DoorFile] = define(
    Listing(
        name="door-files",
        label=_l("Porte de la banque"),
        endpoint="bank_door.list_files",
        permission=Permission.BANK_READ,
        model=DoorFile,
        query=lambda: DoorFile.visible_to(g.actor),
        load=(joinedload(DoorFile.door).joinedload(BankDoor.legal_entity),),
        columns=[
            Column(
                "file",
                _l("Fichier"),
                lambda row: Link(row.name, url_for("bank_door.show_file", uid=row.uid), row.why),
                rank=NAME,
            ),
            Column("way", _l("Sens"), lambda row: _("sort") if row.is_outgoing else _("entre")),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("since", _l("Vu le"), lambda row: row.seen_at, is_number=True),
            Column("entity", _l("Créancier"), lambda row: row.door.legal_entity.name, rank=WIDE),
            Column("sha256", _l("Empreinte"), lambda row: row.sha256 or None, rank=FILE),
        ],
        order=(DoorFile.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, lambda value: DoorFile.state == DoorFileState(value)),
            entity_choice(
                _l("Créancier"),
                select(BankDoor.legal_entity_id).where(BankDoor.id == DoorFile.door_id).scalar_subquery(),
            ),
            Period("came", _l("Vu le"), DoorFile.created_at),
        ],
        nothing=lambda: Nothing(
            _l("Aucun fichier n'est passé."),
            _l("Porte ouverte, les fichiers libérés et les réponses de la banque sont listés ici."),
        ),
    )
)
