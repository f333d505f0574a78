"""The lists of the bank's files (fichiers de la banque) and of what they say (écritures)."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    define,
)
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.lists import entity_choice
from portal.sepa.models.bank import BankFile, BankRecord, RecordState
from portal.words.reasons import BANK_REASONS, reason_words
from portal.words.states import look_of

WAITING = "waiting"
WAITS = (RecordState.UNMATCHED, RecordState.TO_REVIEW)

FILES: Listing[BankFile] = define(
    Listing(
        name="bank-files",
        label=_l("Retours de la banque"),
        endpoint="returns.list_files",
        permission=Permission.BATCH_READ,
        model=BankFile,
        query=lambda: run_by(BankFile, g.actor),
        load=(joinedload(BankFile.legal_entity),),
        columns=[
            Column(
                "file",
                _l("Fichier"),
                lambda row: Link(
                    row.filename or row.message_id, url_for("returns.show_file", uid=row.uid), row.kind
                ),
                rank=NAME,
            ),
            Column("kind", _l("Type"), lambda row: row.kind, rank=FILE),
            Column("entity", _l("Créancier"), lambda row: row.legal_entity.name, rank=FILE),
            Column("entries", _l("Écritures"), lambda row: row.entries, is_number=True),
            Column("matched", _l("Rapprochées"), lambda row: row.matched, is_number=True),
            Column("unmatched", _l("En attente"), lambda row: row.unmatched, is_number=True),
            Column("duplicates", _l("Déjà connues"), lambda row: row.duplicates, rank=WIDE, is_number=True),
            Column("imported_at", _l("Importé"), lambda row: row.created_at, is_number=True),
            Column("imported_by", _l("Importé par"), lambda row: row.imported_by, rank=FILE),
        ],
        order=(BankFile.id.desc(),),
        filters=[
            entity_choice(_l("Créancier"), BankFile.legal_entity_id, issuers_to_run),
            Period("imported", _l("Importé"), BankFile.created_at),
        ],
        nothing=lambda: Nothing(
            _l("Aucun fichier."), _l("Le premier arrive avec le compte rendu de la banque.")
        ),
    )
)


def _states() -> list[tuple[str, Any]]:
    return [(WAITING, _l("à traiter")), *((state, look_of(state).word) for state in RecordState)]


def _in_state(state: str) -> ColumnElement[bool]:
    return BankRecord.state.in_(WAITS) if state == WAITING else BankRecord.state == RecordState(state)


def _record(row: BankRecord) -> Link:
    name = row.end_to_end_id or row.reference or _("sans référence")
    return Link(name, url_for("returns.show_record", uid=row.uid), row.why)


def _reason(row: BankRecord) -> str | None:
    return f"{row.reason} {reason_words(row.reason)}" if row.reason else None


RECORDS: Listing[BankRecord] = define(
    Listing(
        name="bank-records",
        label=_l("Écritures de la banque"),
        endpoint="returns.list_records",
        permission=Permission.BATCH_READ,
        model=BankRecord,
        query=lambda: run_by(BankRecord, g.actor),
        load=(joinedload(BankRecord.bank_file),),
        columns=[
            Column("record", _l("Référence"), _record, rank=NAME),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("outcome", _l("Issue"), lambda row: Pill(f"bank_{row.outcome}"), rank=WIDE),
            Column("reason", _l("Motif"), _reason, rank=WIDE),
            Column("why", _l("À regarder"), lambda row: row.why, rank=FILE),
            Column("rum", "RUM", lambda row: row.rum, rank=FILE),
            Column("file", _l("Fichier"), lambda row: row.bank_file.filename, rank=FILE),
            Column("booked_on", _l("Comptabilisé"), lambda row: row.booked_on, is_number=True),
            Column("fee", _l("Frais de la banque"), lambda row: Euros(row.fee_cents), rank=FILE),
            Column(
                "amount",
                _l("Montant"),
                lambda row: None if row.amount_cents is None else Euros(row.amount_cents),
                is_number=True,
            ),
        ],
        order=(BankRecord.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, _in_state),
            Choice(
                "reason",
                _l("Motif"),
                lambda: [(code, f"{code} {words}") for code, words in BANK_REASONS.items()],
                lambda value: BankRecord.reason == value,
            ),
            entity_choice(_l("Créancier"), BankRecord.legal_entity_id, issuers_to_run),
            Period("booked", _l("Comptabilisé"), BankRecord.booked_on),
        ],
        total=BankRecord.amount_cents,
        nothing=lambda: Nothing(
            _l("Aucune écriture."),
            _l("Elles arrivent avec le premier fichier de la banque."),
            _l("Importer un fichier"),
            url_for("returns.list_files"),
        ),
    )
)
