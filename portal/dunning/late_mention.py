"""What the paper of an invoice says of being paid late: the rate in per cent, and the fixed fee."""

from datetime import date

from flask_babel import get_locale
from flask_babel import gettext as _

from portal.billing.late import LateTerms
from portal.billing.panels import Paper, einvoice_note, invoice_mention
from portal.dunning.contracts import late_terms_of
from portal.facturx.values import DISCOUNT, LATE_FEE, LATE_RATE
from portal.i18n import decimal, eur
from portal.once import once
from portal.terms.law import statute_for


@invoice_mention(rank=40)
def if_paid_late(paper: Paper) -> str | None:
    """Nothing is said to consumers and associations, who owe neither.

    Source: 003-51, 003-52; L6, C. com. art. L441-9 I, CCP art. R2192-10.
    """
    terms, kind = late_terms_of(paper), paper.invoice.parties["buyer"]["kind"]
    if terms is None:
        return None
    on, language = paper.invoice.issued_on, str(get_locale())
    return once(("if paid late", terms, kind, on, language), lambda: _sentence(terms, kind, on))


def _sentence(terms: LateTerms, kind: str, on: date) -> str:
    said = {"rate": _percent(terms.rate_basis_points), "origin": _origin(terms), "fee": eur(terms.fee_cents)}
    if kind != "public_body":
        return _(
            "En cas de retard : pénalités de %(rate)s par an (%(origin)s ; chaque semestre suit son taux) et "
            "indemnité forfaitaire de recouvrement de %(fee)s (C. com. L441-10, D441-5). Pas d'escompte pour "
            "paiement anticipé.",
            **said,
        )
    days = statute_for("invoice.due_days", on=on, customer=kind)
    return _(
        "En cas de retard : intérêts moratoires de %(rate)s par an (%(origin)s ; le taux du semestre où le "
        "retard commence vaut jusqu'au paiement) et indemnité forfaitaire de %(fee)s (CCP L2192-13, "
        "R2192-31, D2192-35). Délai de paiement : %(days)d jours au plus (CCP R2192-10). "
        "Pas d'escompte pour paiement anticipé.",
        days=days.value if days else 0,
        **said,
    )


@einvoice_note()
def late_notes(paper: Paper) -> list[tuple[str, str]] | None:
    """The same for its e-invoice, each under its own subject: rate (PMD), fixed fee (PMT), discount (AAB).

    Source: 003-51, 003-52; C. com. art. L441-9 I, CCP art. L2192-13; BR-FR-05.
    """
    terms = late_terms_of(paper)
    if terms is None:
        return None
    rate, origin, fee = _percent(terms.rate_basis_points), _origin(terms), eur(terms.fee_cents)
    is_public = paper.invoice.parties["buyer"]["kind"] == "public_body"
    law = "CCP L2192-13, R2192-31" if is_public else "C. com. L441-10"
    of_fee = "CCP D2192-35" if is_public else "C. com. D441-5"
    return [
        (
            LATE_RATE,
            _(
                "En cas de retard : %(rate)s par an (%(origin)s ; %(law)s).",
                rate=rate,
                origin=origin,
                law=law,
            ),
        ),
        (LATE_FEE, _("Indemnité forfaitaire de recouvrement : %(fee)s (%(law)s).", fee=fee, law=of_fee)),
        (DISCOUNT, _("Pas d'escompte pour paiement anticipé.")),
    ]


def _origin(terms: LateTerms) -> str:
    year, half = terms.semester.split(" S")
    semester = _("1er semestre %(year)s", year=year) if half == "1" else _("2e semestre %(year)s", year=year)
    if terms.rate_basis_points > terms.ecb_basis_points + terms.margin_basis_points:
        return _("trois fois l'intérêt légal du %(semester)s", semester=semester)
    return _(
        "taux de la BCE de %(ecb)s au %(semester)s, majoré de %(points)s points",
        ecb=_percent(terms.ecb_basis_points),
        semester=semester,
        points=decimal(terms.margin_basis_points / 100),
    )


def _percent(basis_points: int) -> str:
    return f"{decimal(basis_points / 100)} %"
