"""Reads a new document version as a careful lawyer would: faults, gaps, contradictions, breaches of statute.

Nothing here knows a particular document: contradictions are found again from the raw values, whoever wrote
them. A finding is *noted* when one of its values already carries a note with the same code.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from portal.terms.finding import Finding
from portal.terms.lint_law import against_the_law
from portal.terms.lint_notes import contradicting_notes, stale_notes
from portal.terms.shipped import TermsDocument, parse_document
from portal.terms.stack import RANKING, make_stack
from portal.terms.values import TermsError, Value, read_value
from portal.wording import N_, Sentence

# What every set of general conditions must settle before it can be executed.
_NEEDED = (RANKING, "jurisdiction.court", "termination.customer_refund")


def lint(
    file: str, text: str, *, beside: Sequence[TermsDocument] = (), previous: TermsDocument | None = None
) -> list[Finding]:
    """Everything that is wrong, missing, contradictory or against the law in the text of a document.

    file: its name, for the sentences. beside: the other documents of its contract. previous: the version
    that it would replace. Faults come alone: a document that cannot be read is not judged further.
    """
    faults = list(_faults(file, text))
    if faults:
        return faults
    document = parse_document(file, text)
    found = [*_missing(document, previous), *_ranks(document, beside)]
    for check in _CHECKS:
        found.extend(check(document, beside))
    found.extend(contradicting_notes(document))
    found.extend(stale_notes(document, previous))
    found.extend(against_the_law(document))
    return found


def _faults(file: str, text: str) -> Iterator[Finding]:
    """Each fault of the file, not only the first."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raw = {}
    code = str(raw.get("document", {}).get("code", ""))
    seen = 0
    for key, body in raw.get("values", {}).items():
        try:
            read_value(file, code, key, body)
        except TermsError as error:
            seen += 1
            yield _fault(error)
    if not seen:
        try:
            parse_document(file, text)
        except TermsError as error:
            yield _fault(error)


def _fault(error: TermsError) -> Finding:
    return Finding("", "fault", (), Sentence(error.template, error.values))


def _missing(document: TermsDocument, previous: TermsDocument | None) -> Iterator[Finding]:
    if document.kind == "general":
        for key in _NEEDED:
            if key not in document.values:
                yield Finding("", "missing", (), Sentence(N_("Il manque « %(key)s »."), {"key": key}))
        if not any(key.startswith("plan.") and key.endswith(".period_months") for key in document.values):
            yield Finding(
                "",
                "missing",
                (),
                Sentence(N_("Aucune formule n'a de durée (%(key)s)."), {"key": "plan.….period_months"}),
            )
    for key, old in (previous.values if previous else {}).items():
        if key not in document.values:
            sentence = Sentence(
                N_("« %(key)s » (%(clause)s, article %(article)s) était dans %(version)s et n'y est plus."),
                {
                    "key": key,
                    "clause": old.clause,
                    "article": old.article,
                    "version": previous.version if previous else "",
                },
            )
            yield Finding("", "missing", (old.clause,), sentence)


def _ranks(document: TermsDocument, beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    try:
        if beside or document.kind == "general":
            make_stack("", document.title, [document, *beside])
    except TermsError as error:
        yield _fault(error)


# Contradictions

Check = Callable[[TermsDocument, Sequence[TermsDocument]], Iterator[Finding]]


def _contradiction(code: str, values: Iterable[Value], template: str, **said: object) -> Finding:
    values = tuple(values)
    noted = any(f"{code} " in value.note for value in values)
    clauses = tuple(dict.fromkeys(value.clause for value in values))
    return Finding(code, "contradiction", clauses, Sentence(template, said), noted)


def _start(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    basis = document.values.get("start.basis")
    registered = document.values.get("registration.event")
    if basis is not None and registered is not None and len(basis.value) > 1:
        yield _contradiction(
            "A1",
            (basis, registered),
            N_("Plusieurs débuts de contrat : %(events)s."),
            events=", ".join(basis.value),
        )


def _credit_caps(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    values = document.values
    invoice, mean = values.get("sla.cap_invoice_basis_points"), values.get("sla.cap_mean_month_basis_points")
    if invoice and mean and invoice.value != mean.value:
        yield _contradiction(
            "A2",
            (invoice, mean),
            N_("Deux plafonds de pénalités : %(invoice)s %% de la facture et %(mean)s %% du mois moyen."),
            invoice=f"{invoice.value / 100:g}",
            mean=f"{mean.value / 100:g}",
        )
    example, base = values.get("sla.example.penalty_cents"), values.get("sla.example.mean_month_cents")
    if example and base and invoice and example.value * 10_000 > base.value * invoice.value:
        yield _contradiction(
            "A2",
            (example, invoice),
            N_("L'exemple imprimé (%(example)d €) dépasse le plafond (%(cap)d €)."),
            example=example.value // 100,
            cap=base.value * invoice.value // 1_000_000,
        )
    yield from _example_figures(values)


def _example_figures(values: Mapping[str, Value]) -> Iterator[Finding]:
    """Percents promised in a printed example that are not those of the tables."""
    for key, shown in values.items():
        if not key.startswith("sla.example.") or not key.endswith("_percent") or "_measured_" in key:
            continue
        table = values.get(f"sla.{key.removeprefix('sla.example.').removesuffix('_percent')}.percent")
        if table is not None and table.value != shown.value:
            yield _contradiction(
                "A2",
                (shown, table),
                N_("L'exemple promet %(shown)s %%, le tableau %(table)s %% (%(key)s)."),
                shown=shown.value,
                table=table.value,
                key=table.key,
            )


def _liability_caps(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    keys = ("liability.cap_hosting_months", "liability.cap_paid_months", "liability.cap_annual_fees")
    caps = [document.values[key] for key in keys if key in document.values]
    if len(caps) > 1:
        yield _contradiction(
            "A3",
            caps,
            N_("Plusieurs plafonds de responsabilité : %(keys)s."),
            keys=", ".join(f"{cap.key} = {cap.value}" for cap in caps),
        )


def _days(values: Mapping[str, Value], *keys: str) -> int:
    """Calendar days that some delays add up to; ten business days are two weeks."""
    total = 0
    for key in keys:
        value = values.get(key)
        if value is not None:
            total += value.value * 7 // 5 if value.unit == "business_days" else value.value
    return total


def _erased_before_delivery(document: TermsDocument, beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    values = {**{k: v for other in beside for k, v in other.values.items()}, **document.values}
    erasure = [values[key] for key in ("erasure.business_days", "erasure.grace_days") if key in values]
    delivery, window = values.get("reversibility.delivery_days"), values.get("reversibility.window_days")
    kept = _days(values, "erasure.business_days", "erasure.grace_days")
    if erasure and delivery and not window and kept < delivery.value:
        yield _contradiction(
            "A4",
            (*erasure, delivery),
            N_("Données effacées %(kept)d jours après la fin, mais rendues sous %(delivery)d jours."),
            kept=kept,
            delivery=delivery.value,
        )
    served = _days(
        values,
        "reversibility.window_days",
        "reversibility.delivery_business_days",
        "reversibility.validation_business_days",
    )
    if erasure and window and kept < served:
        yield _contradiction(
            "A5",
            (*erasure, window),
            N_(
                "Données effacées %(kept)d jours après la fin ; demandées le dernier jour, elles sont "
                "rendues et validées jusqu'à %(served)d jours après."
            ),
            kept=kept,
            served=served,
        )


def _effective_days(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    values = document.values
    breach, any_end = values.get("breach.effective_days"), values.get("termination.effective_days")
    if breach and any_end and breach.value != any_end.value:
        yield _contradiction(
            "A7",
            (breach, any_end),
            N_("La résiliation prend effet %(breach)d jours après l'envoi, et aussi %(any)d jours après."),
            breach=breach.value,
            any=any_end.value,
        )
    kept, erased = values.get("erasure.kept_at_most_days"), values.get("erasure.grace_days")
    if kept and erased:
        yield _contradiction(
            "A7",
            (kept, erased),
            N_("Données gardées %(kept)d jours au plus, et effacées sous %(erased)d jours : depuis quand ?"),
            kept=kept.value,
            erased=erased.value,
        )


def _business_hours(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    values = document.values
    opens, closes = values.get("support.opens_hour"), values.get("support.closes_hour")
    stated = values.get("support.severity3.fix_stated_days")
    for value in values.values():
        if value.unit != "business_hours":
            continue
        if stated and opens and closes and value.key.startswith("support."):
            day = closes.value - opens.value
            if stated.value * day != value.value:
                yield _contradiction(
                    "A9",
                    (value, stated),
                    N_(
                        "%(hours)d heures ouvrées « soit %(stated)d jours », mais le support ouvre %(day)d h "
                        "par jour, soit %(days)s jours."
                    ),
                    hours=value.value,
                    stated=stated.value,
                    day=day,
                    days=f"{value.value / day:g}",
                )
        else:
            yield _contradiction(
                "A9",
                (value,),
                N_("%(hours)d heures ouvrées sans dire combien d'heures compte un jour (%(key)s)."),
                hours=value.value,
                key=value.key,
            )


def _same_key_other_value(document: TermsDocument, beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    """A figure that two documents of one contract give differently: the rank decides, but somebody erred."""
    for other in beside:
        for key in sorted(document.values.keys() & other.values.keys()):
            mine, theirs = document.values[key], other.values[key]
            if key != RANKING and type(mine.value) is int and mine.value != theirs.value:
                yield _contradiction(
                    "A10",
                    (mine, theirs),
                    N_("« %(key)s » : %(mine)s (%(one)s) ou %(theirs)s (%(two)s)."),
                    key=key,
                    mine=mine.value,
                    theirs=theirs.value,
                    one=document.version,
                    two=other.version,
                )


def _figures_and_words(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    for key, words in document.values.items():
        if not key.endswith("_in_words_cents"):
            continue
        figures = document.values.get(f"{key.removesuffix('_in_words_cents')}_cents")
        if figures is not None and figures.value != words.value:
            yield _contradiction(
                "A11",
                (figures, words),
                N_("%(figures)d € en chiffres, %(words)d € en lettres (%(key)s)."),
                figures=figures.value // 100,
                words=words.value // 100,
                key=figures.key,
            )


def _refunds(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    values = document.values
    customer, provider = values.get("termination.customer_refund"), values.get("termination.provider_refund")
    if customer and provider and customer.value != provider.value:
        yield _contradiction(
            "A12",
            (customer, provider),
            N_(
                "Remboursement « %(customer)s » quand le client part, « %(provider)s » quand le prestataire "
                "met fin, même pour impayé."
            ),
            customer=customer.value,
            provider=provider.value,
        )


def _blanks(document: TermsDocument, _beside: Sequence[TermsDocument]) -> Iterator[Finding]:
    for value in document.values.values():
        if value.unit == "text" and not value.value:
            yield _contradiction("A21", (value,), N_("« %(key)s » est imprimé vide."), key=value.key)


_CHECKS: tuple[Check, ...] = (
    _start,
    _credit_caps,
    _liability_caps,
    _erased_before_delivery,
    _effective_days,
    _business_hours,
    _same_key_other_value,
    _figures_and_words,
    _refunds,
    _blanks,
)
