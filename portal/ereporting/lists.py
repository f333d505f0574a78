"""The reports to the administration, the newest first."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.ereporting.models import EReport, ReportState
from portal.ereporting.rules import ReportKind
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Period, Pill, define
from portal.resellers.lists import entity_choice
from portal.words.ereporting import REPORT_KINDS
from portal.words.states import look_of


def _states() -> list[tuple[str, Any]]:
    return [(state.value, look_of(state).word) for state in ReportState]


EREPORTS: Listing[EReport] = define(
    Listing(
        name="ereports",
        label=_l("E-reporting"),
        endpoint="ereporting.list_reports",
        permission=Permission.BILLING_READ,
        model=EReport,
        query=lambda: EReport.visible_to(g.actor),
        load=(joinedload(EReport.legal_entity), joinedload(EReport.rectifies)),
        columns=[
            Column(
                "number",
                _l("Numéro"),
                lambda row: Link(row.number, url_for("ereporting.show_report", uid=row.uid), row.why),
                rank=NAME,
            ),
            Column("kind", _l("Quoi"), lambda row: str(REPORT_KINDS[row.kind])),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("first_on", _l("Du"), lambda row: row.first_on, is_number=True),
            Column("last_on", _l("Au"), lambda row: row.last_on, is_number=True),
            Column("due_on", _l("À déposer avant le"), lambda row: row.due_on, is_number=True),
            Column(
                "rectifies", _l("Rectifie"), lambda row: row.rectifies and row.rectifies.number, rank=WIDE
            ),
            Column("entity", _l("Déclarant"), lambda row: row.legal_entity.name, rank=WIDE),
            Column("cents", _l("Montant TTC"), lambda row: Euros(row.gross_cents), is_number=True),
        ],
        order=(EReport.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, lambda value: EReport.state == ReportState(value)),
            Choice(
                "kind",
                _l("Quoi"),
                lambda: [(kind.value, REPORT_KINDS[kind]) for kind in ReportKind],
                lambda value: EReport.kind == ReportKind(value),
            ),
            entity_choice(_l("Déclarant"), EReport.legal_entity_id),
            Period("first", _l("Du"), EReport.first_on),
        ],
        nothing=lambda: Nothing(
            _l("Aucune déclaration n'est figée."),
            _l("Elles se figent d'elles-mêmes après chaque période, dès qu'un régime est saisi."),
        ),
    )
)
