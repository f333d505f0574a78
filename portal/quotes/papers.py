"""What a quote says on paper: lines, special conditions and what they change, days, contract texts."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.billing.documents import a_day, add_lines, locale_of, mentions, party
from portal.billing.issue import parties_of
from portal.billing.rules import totals
from portal.blobs import Document
from portal.customers.references import own_references, printed_references, references_for
from portal.i18n import translated
from portal.papers import promise
from portal.pdf.draft import Draft
from portal.quotes.comparing import Comparison, Difference, Wished, compare
from portal.quotes.models import Quote, QuoteLine
from portal.resellers.brand_paper import mark_for
from portal.terms.showing import label, shown
from portal.words.term_keys import term_name
from portal.words.values import value_text


def print_quote(quote: Quote) -> Document:
    """Freeze the paper of a quote that gets its number now; it is printed behind the transaction."""
    return promise(
        _draft(quote),
        owner=quote.customer.organisation,
        subject=quote,
        kind="quote",
        filename=f"{quote.number}.pdf",
        urgent=True,
    )


def _draft(quote: Quote) -> Draft:
    customer, language = quote.customer, quote.customer.language
    parties = parties_of(customer, quote.legal_entity)
    with force_locale(language):
        draft = Draft(
            _("Devis"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=_meta(quote),
            legal=mentions(parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(customer.org_path, language),
        )
        lines, vat = quote.sold(), quote.vat
        add_lines(draft, lines, totals(lines), language)
        if vat.mention:
            draft.text(vat.mention)
        for line in quote.lines:
            _add_conditions(draft, line)
        if quote.remark:
            draft.heading(_("Remarque"))
            draft.text(quote.remark)
        _add_terms(draft, quote)
        return draft


def _meta(quote: Quote) -> list[tuple[str, str]]:
    language = quote.customer.language
    starts = a_day(quote.starts_on, language) if quote.starts_on else _("dès l'acceptation")
    meta = [
        (_("Numéro"), quote.number),
        (_("Date"), a_day(clock.today(), language)),
        (_("Valable jusqu'au"), a_day(quote.valid_until, language)),
        (_("Commande"), starts),
    ]
    found = references_for(quote.customer, own_references(quote))
    return [*meta, *printed_references(found)]


def _add_conditions(draft: Draft, line: QuoteLine) -> None:
    told = compare(line)
    if told is None:
        return
    draft.heading(_("Conditions particulières : %(product)s", product=line.product_name))
    draft.fields([(term_name(each.key), _instead(each)) for each in told.wished], label_mm=70)
    rows = [(str(label(each.any)), _beside(each)) for each in told.calendar]
    if rows:
        draft.text(_("Ce que cela change au contrat :"))
        draft.fields(rows, label_mm=70)
    _add_leaving(draft, told, line)


def _add_leaving(draft: Draft, told: Comparison, line: QuoteLine) -> None:
    if told.leaving:
        day = a_day(told.leaves_on, line.quote.customer.language)
        draft.text(_("Pour un congé envoyé, par exemple, le %(day)s :", day=day))
        draft.fields([(str(label(each.any)), _beside(each)) for each in told.leaving], label_mm=70)


def _instead(wished: Wished) -> str:
    offered, standard = value_text(wished.offered), wished.standard
    if standard is None:
        return _("%(value)s (le contrat n'en dit rien)", value=offered)
    return _(
        "%(value)s au lieu de %(standard)s (%(clause)s)",
        value=offered,
        standard=value_text(standard),
        clause=standard.clause,
    )


def _beside(each: Difference) -> str:
    offered = shown(each.offered) if each.offered else _("sans objet")
    standard = shown(each.standard) if each.standard else _("sans objet")
    return _("%(value)s (contrat standard : %(standard)s)", value=offered, standard=standard)


def _add_terms(draft: Draft, quote: Quote) -> None:
    draft.heading(_("Contrat"))
    rows = [
        (translated(document.title), _("version %(version)s", version=document.version))
        for stack in quote.stacks()
        for document in stack.documents
    ]
    draft.fields(rows, label_mm=90)
    draft.text(
        _(
            "Ce devis s'accepte en ligne, par la personne qui engage le client, avec le lien reçu par e-mail "
            "et un code. L'accepter vaut commande aux prix ci-dessus et accord sur ces textes."
        )
    )
