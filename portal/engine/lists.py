"""The list of vaults (coffres), the one that was backed up least recently first."""

from datetime import UTC, datetime

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.customers.lists import customer_column
from portal.db import db
from portal.engine.models import OpeningState, Vault, VaultOpening, VaultState
from portal.listing import NAME, WIDE, Cell, Choice, Column, Link, Listing, Nothing, Pill, Size, define
from portal.words.states import look_of

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _states(rows: list[Vault]) -> dict[int, Cell]:
    """In one word: erased, not measurable, open at this moment, or sealed."""
    query = select(VaultOpening.vault_id).where(
        VaultOpening.vault_id.in_([row.id for row in rows]),
        VaultOpening.state == OpeningState.OPEN,
        VaultOpening.until > clock.now(),
    )
    is_open = set(db.session.scalars(query))
    return {row.id: Pill(_state(row, is_open=row.id in is_open)) for row in rows}


def _state(row: Vault, *, is_open: bool) -> str:
    if row.state == VaultState.ERASED:
        return "erased"
    if row.measure_fault:
        return "failed"
    return "open" if is_open else "sealed"


def _proof(row: Vault) -> Cell:
    return Pill(row.proof_state) if row.state == VaultState.ACTIVE else None


VAULTS: Listing[Vault] = define(
    Listing(
        name="vaults",
        label=_l("Coffres"),
        endpoint="vaults.list_vaults",
        permission=Permission.VAULT_READ,
        model=Vault,
        query=lambda: Vault.visible_to(g.actor),
        load=(joinedload(Vault.customer),),
        columns=[
            Column(
                "name",
                _l("Coffre"),
                lambda row: Link(row.name, url_for("vaults.show_vault", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), many=_states),
            Column(
                "bytes",
                _l("Taille"),
                lambda row: None if row.bytes_stored is None else Size(row.bytes_stored),
                is_number=True,
            ),
            Column("snapshots", _l("Sauvegardes"), lambda row: row.snapshots, rank=WIDE, is_number=True),
            Column("newest", _l("Dernière sauvegarde"), lambda row: row.newest_at),
            Column("proof", _l("Phrase prouvée"), _proof, rank=WIDE),
        ],
        order=(func.coalesce(Vault.newest_at, _NEVER), Vault.id),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in ("failed", "erased")],
                lambda value: (
                    Vault.state == VaultState.ERASED
                    if value == "erased"
                    else (Vault.state == VaultState.ACTIVE) & Vault.measure_fault.is_not(None)
                ),
            )
        ],
        nothing=lambda: Nothing(
            _l("Pas encore de coffre."), _l("Un coffre apparaît ici dès qu'il est créé pour un abonnement.")
        ),
    )
)
