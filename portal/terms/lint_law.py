"""A document version beside the law: what a court would strike out."""

from collections.abc import Iterator
from datetime import date

from portal.terms.finding import Finding
from portal.terms.law import respects
from portal.terms.shipped import TermsDocument
from portal.terms.statute import ANY_REASON, Statute
from portal.terms.statutes import RULES
from portal.terms.values import Value
from portal.wording import N_, Sentence, Word

# Contract values that a rule of law on another key judges: (contract's key, law's key).
_JUDGED = (
    ("plan.annual.notice_months", "switch.notice_months"),
    ("plan.36_months.notice_months", "switch.notice_months"),
    ("early_end.notice_months", "switch.notice_months"),
    ("termination.effective_days", "switch.notice_months"),
    ("reversibility.delivery_days", "switch.transition_days"),
    ("erasure.grace_days", "switch.retrieval_days"),
    ("reversibility.fee_months", "reversibility.charge"),
    ("reversibility.fee_minimum_cents", "reversibility.charge"),
)


def against_the_law(document: TermsDocument) -> Iterator[Finding]:
    on, customers = document.effective_on, _customers(document)
    for value in document.values.values():
        for rule in RULES:
            if rule.key == value.key and _in_force(rule, on, customers) and not respects(value.value, rule):
                yield _breach(value, rule)
    for key, law_key in _JUDGED:
        judged = document.values.get(key)
        for rule in RULES:
            if judged and rule.key == law_key and _in_force(rule, on, customers) and _worse(judged, rule):
                yield _breach(judged, rule)
    yield from _expired(document, on)


def _customers(document: TermsDocument) -> frozenset[str]:
    businesses = document.values.get("customer.businesses_only")
    everybody = frozenset({"business", "consumer", "non_professional", "public_body"})
    return everybody - {"consumer"} if businesses is not None and businesses.value else everybody


def _in_force(rule: Statute, on: date, customers: frozenset[str]) -> bool:
    return bool(rule.customers & customers) and (rule.until is None or on <= rule.until)


def _worse(judged: Value, rule: Statute) -> bool:
    """Is a contract's figure worse for the customer than the law's, when the two are on different keys?"""
    in_law_s_unit = -(-judged.value // 31) if (judged.unit, rule.unit) == ("days", "months") else judged.value
    return rule.reasons != ANY_REASON and (rule.effect == "replaces" or not respects(in_law_s_unit, rule))


def _breach(value: Value, rule: Statute) -> Finding:
    noted = f"{rule.id} " in f"{value.note} "
    sentence = Sentence(
        N_("« %(key)s » = %(value)s (article %(article)s) ; %(law)s : %(says)s"),
        {
            "key": value.key,
            "value": value.value,
            "article": value.article,
            "law": Word(rule.article),
            "says": Word(rule.says),
        },
    )
    return Finding(rule.id, "law", (value.clause,), sentence, noted)


def _expired(document: TermsDocument, on: date) -> Iterator[Finding]:
    for key, value in document.values.items():
        if key.startswith("certificate.") and key.endswith(".until") and value.value < on:
            sentence = Sentence(
                N_("Le certificat (%(key)s) a expiré le %(day)s."), {"key": key, "day": value.value}
            )
            yield Finding("L10", "law", (value.clause,), sentence, "L10 " in f"{value.note} ")
