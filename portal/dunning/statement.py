"""The statement of what a late invoice costs (décompte), with its working, half-year by half-year."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.billing.documents import mentions, party
from portal.billing.models import Invoice
from portal.dunning.contracts import late_facts
from portal.errors import Refused
from portal.i18n import eur, plain_day, told
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.terms.answered import Answered
from portal.terms.showing import label, shown


def statement_draft(invoice: Invoice, language: str) -> Draft:
    """What would be owed if it were paid today, or what its payment has cost.

    Raises Refused for an invoice that is not late.

    Source: 003-51, 003-52; L6.
    """
    facts = late_facts(invoice)
    if not facts:
        raise Refused(_("Cette facture n'est pas en retard."))
    with force_locale(language):
        draft = Draft(
            _("Décompte de retard"),
            issuer=party(invoice.parties["issuer"]),
            recipient=party(invoice.parties["buyer"]),
            meta=[
                (_("Facture"), invoice.number),
                (_("Échéance"), plain_day(invoice.due_on)),
                (_("Arrêté au"), plain_day(invoice.paid_on or clock.today())),
            ],
            legal=mentions(invoice.parties["issuer"]),
            language={"fr": "fr-FR", "en": "en-GB"}[language],
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(invoice.org_path, language),
        )
        for fact in facts:
            _block(draft, fact)
        known = [fact.cents for fact in facts if fact.value is not None]
        draft.totals([(_("Facture, TTC"), eur(invoice.gross_cents)), (_("Frais de retard"), eur(sum(known)))])
        draft.text(_("Ce décompte n'est pas une facture. Les frais de retard ne portent pas de TVA."))
        return draft


def _block(draft: Draft, fact: Answered) -> None:
    draft.heading(f"{label(fact)} : {shown(fact)}")
    if fact.working is not None:
        draft.text(told(fact.working))
    law = f"{fact.law.id}, {_(fact.law.article)}" if fact.law else ""
    draft.text(_("Source : %(source)s", source=" ; ".join(filter(None, (fact.reference, law)))))
