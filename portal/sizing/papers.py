"""The sizing sheet and the receipt of the hand-over, on paper."""

from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.billing.documents import a_day, locale_of, mentions, party
from portal.billing.issue import parties_of
from portal.blobs import Document
from portal.papers import promise
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.subscriptions.order_numbers import ordered
from portal.words.sizing import MODES, PLACES
from portal.words.values import written


def sheet_rows(row: Any) -> list[tuple[str, str]]:
    """What the sheet says, in the language that is set."""
    return [
        (_("Machines"), str(row.machines)),
        (_("Volume à protéger"), f"{row.source_gb} {_('Go')}"),
        (_("Changements par jour"), written("basis_points", row.daily_change_basis_points)),
        (_("Durée d'historique"), written("days", row.history_days)),
        (_("Horaires des sauvegardes"), row.schedule),
        (_("Copies"), str(MODES[row.mode])),
        (_("Responsable du service"), f"{row.recipient_name}, {row.recipient_email}"),
    ]


def print_sheet(row: Any) -> Document:
    """The sheet as it stands now."""
    with force_locale(row.order.customer.language):
        draft = _draft(row, _("Fiche de dimensionnement"))
        draft.fields(sheet_rows(row))
        limit = row.exceeded
        if limit is not None:
            draft.text(
                _(
                    "Au-delà de %(limit)s de changements, la sauvegarde quotidienne n'est pas assurée et le "
                    "contrat est à réévaluer (%(clause)s).",
                    limit=written("basis_points", limit.value),
                    clause=limit.clause,
                )
            )
        return _promised(row, draft, "sizing", _("dimensionnement"))


def print_handover(row: Any) -> Document:
    """The receipt of the hand-over."""
    language = row.order.customer.language
    with force_locale(language):
        draft = _draft(row, _("Transfert de compétences"))
        draft.fields(
            [
                (_("Remis le"), a_day(row.handed_over_on, language)),
                (_("À"), f"{row.recipient_name}, {row.recipient_email}"),
                (_("Par"), row.handed_over_by),
                (_("Comment"), str(PLACES[row.handed_over_how])),
            ]
        )
        draft.text(
            _(
                "Ont été montrés : le fonctionnement de la solution, le déroulement des sauvegardes, et "
                "comment restaurer un ou plusieurs fichiers soi-même."
            )
        )
        draft.heading(_("Dimensionnement"))
        draft.fields(sheet_rows(row))
        return _promised(row, draft, "handover", _("transfert-de-competences"))


def _draft(row: Any, title: str) -> Draft:
    order = row.order
    customer, language = order.customer, order.customer.language
    parties = parties_of(customer, order.legal_entity)
    return Draft(
        title,
        issuer=party(parties["issuer"]),
        recipient=party(parties["buyer"]),
        meta=[ordered(order), (_("Date"), a_day(clock.today(), language)), (_("Offre"), order.product_name)],
        legal=mentions(parties["issuer"]),
        language=locale_of(language),
        page_label=_("Page {page} sur {pages}"),
        mark=mark_for(customer.org_path, language),
    )


def _promised(row: Any, draft: Draft, kind: str, name: str) -> Document:
    order = row.order
    return promise(
        draft,
        owner=order.customer.organisation,
        subject=order,
        kind=kind,
        filename=f"{order.number}-{name}.pdf",
        urgent=True,
    )
