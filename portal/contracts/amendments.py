"""Sign an amendment or special conditions for one subscription, and what the contract says against it."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.blobs import keep
from portal.db import db
from portal.deadlines import start_of_paris_day
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import record
from portal.money import parse_euros
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.kept_terms import keep_term
from portal.subscriptions.models import Subscription
from portal.terms.rules import amended_at
from portal.terms.stack import RANKING, Stack
from portal.terms.values import Value, amended_value, as_json
from portal.terms.vocabulary import KEYS
from portal.wording import N_
from portal.words.term_keys import term_name

PDF = b"%PDF-"


@dataclass(frozen=True)
class Draft:
    """What the operator typed: one value, when and by whom it was signed, and its text."""

    kind: AmendmentKind
    label: str
    key: str
    value: Any
    signed_on: date
    effective_on: date
    signed_by_both: bool
    text: bytes = b""
    filename: str = ""


def typed_value(key: str, text: str) -> Any:
    """What was typed for a key, in the type that a contract document would hold; checked by amended_value."""
    unit, text = KEYS[key].unit if key in KEYS else "text", text.strip()
    if unit == "flag":
        return {"yes": True, "no": False}.get(text, text)
    if unit == "cents":
        return _cents(text)
    if unit == "list":
        return [each.strip() for each in text.split(",") if each.strip()]
    if unit == "date":
        return _date(text)
    if unit == "percent":
        return text.replace(",", ".").removesuffix("%").strip()
    if unit == "basis_points":
        return _basis_points(text)
    if unit in ("choice", "text"):
        return text
    return int(text) if re.fullmatch(r"-?\d{1,12}", text) else text


def _cents(text: str) -> Any:
    try:
        return parse_euros(text)
    except Refused:
        return text


def _date(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _basis_points(text: str) -> Any:
    """Per cent as people write it."""
    try:
        points = Decimal(text.replace(",", ".").removesuffix("%").strip()) * 100
    except InvalidOperation:
        return text
    return int(points) if points.is_finite() and points == points.to_integral_value() else text


def present_value(subscription: Subscription, key: str, on: date | None = None) -> Value | None:
    """What the contract says for a key on a day, today when none is given."""
    return subscription.terms.on(on or clock.today()).find(key)


def check_amendment(subscription: Subscription, draft: Draft) -> Value:
    """Read the value and refuse what the contract, its signature or an issued invoice stands against.

    Raises Refused with a sentence that names key and article, and the field that it is about.

    Source: 000-03, 001-03, 003-03, 004-01, 004-02.
    """
    present = present_value(subscription, draft.key, draft.effective_on)
    article = present.article if present else draft.label
    about = {"key": term_name(draft.key), "article": article}
    value = _read(draft.label, draft.key, draft.value, present.clause if present else "", article)
    if draft.kind == AmendmentKind.CONDITIONS:
        check_rank(subscription.terms, draft.key, present)
    _check_signature(draft, about)
    _check_days(subscription, draft, about)
    return value


def _read(label: str, key: str, value: Any, over: str, article: str) -> Value:
    """Raises Refused with the field that it is about, and the value's name instead of its key."""
    try:
        return amended_value(label, key, value, over, article)
    except Refused as refusal:
        refusal.field = "value" if key in KEYS else "key"
        refusal.values["key"] = term_name(key)
        raise


def check_condition(terms: Stack, label: str, key: str, typed: str) -> Value:
    """Read a special condition that is wished for a contract to come.

    label: of the paper that would say it. typed: its value as people write it. Raises Refused with the field
    (``key`` or ``value``) for what this contract does not let special conditions change.

    Source: 000-03, 001-03, 003-03, 004-01.
    """
    present = terms.find(key)
    over, article = (present.clause, present.article) if present else ("", label)
    value = _read(label, key, typed_value(key, typed), over, article)
    check_rank(terms, key, present)
    return value


def check_rank(terms: Stack, key: str, present: Value | None) -> None:
    """May special conditions change what this contract says of a key? Raises Refused with the clause.

    present: what it says now.

    Source: 000-03, 001-03, 003-03, 004-01.
    """
    ranking, kind = terms.get(RANKING), terms.condition_kind
    if not kind:
        raise Refused(
            _(
                "%(key)s (article %(article)s) : ce contrat ne reconnaît pas de conditions particulières "
                "(%(clause)s) ; seul un avenant signé le modifie.",
                key=term_name(key),
                article=ranking.article,
                clause=ranking.clause,
            ),
            field="kind",
        )
    above = ranking.value[: ranking.value.index(kind)]
    prevails = {document.code for document in terms.documents if document.kind in above}
    if present is not None and present.document in prevails:
        raise Refused(
            _(
                "%(key)s (article %(article)s) : le contrat range ses conditions générales avant les "
                "conditions particulières (%(rank)s) ; celles-ci ne changent pas %(clause)s.",
                key=term_name(key),
                article=present.article,
                rank=ranking.clause,
                clause=present.clause,
            ),
            field="key",
        )


def _check_signature(draft: Draft, about: dict[str, str]) -> None:
    signed_at = start_of_paris_day(draft.signed_on) if draft.signed_by_both else None
    try:
        amended_at(in_writing=True, provider_signed_at=signed_at, customer_signed_at=signed_at)
    except Refused as refusal:
        raise Refused(
            N_("%(key)s (article %(article)s) : %(said)s"),
            field="signed_by_both",
            said=_(refusal.template),
            **about,
        ) from refusal
    if draft.signed_on > clock.today():
        raise Refused(
            _("%(key)s (article %(article)s) : la signature est dans le futur.", **about), field="signed_on"
        )
    if draft.effective_on < draft.signed_on:
        raise Refused(
            _(
                "%(key)s (article %(article)s) : un avenant ne prend pas effet avant sa signature, "
                "le %(day)s.",
                day=plain_day(draft.signed_on),
                **about,
            ),
            field="effective_on",
        )


def _check_days(subscription: Subscription, draft: Draft, about: dict[str, str]) -> None:
    if draft.effective_on < subscription.billed_before:
        raise Refused(
            _(
                "%(key)s (article %(article)s) : l'abonnement est facturé jusqu'au %(day)s inclus ; un "
                "avenant prend effet après, il ne change pas une facture émise.",
                day=plain_day(subscription.last_usable_on),
                **about,
            ),
            field="effective_on",
        )


def sign_amendment(subscription: Subscription, draft: Draft, *, by: Actor) -> SignedAmendment:
    """Keep a signed amendment with its text; it counts from its day on. Raises Refused like the check."""
    value = check_amendment(subscription, draft)
    if draft.text and not draft.text.startswith(PDF):
        raise Refused(_("Le texte signé est un fichier PDF."), field="text")
    row = SignedAmendment(
        organisation=subscription.customer.organisation,
        subscription_id=subscription.id,
        kind=draft.kind,
        label=draft.label,
        signed_on=draft.signed_on,
        effective_on=draft.effective_on,
        created_by=by.label,
        values={draft.key: {"value": as_json(value.value), "clause": value.clause}},
    )
    if draft.text:
        row.document = keep(
            draft.text,
            owner=subscription.customer.organisation,
            subject=subscription,
            kind="amendment",
            filename=_filename(draft.filename),
            media_type="application/pdf",
        )
    subscription.amendments.append(row)
    db.session.add(row)
    record(
        subscription,
        "amend",
        by=by,
        key=draft.key,
        label=draft.label,
        effective_on=draft.effective_on.isoformat(),
        sha256=row.document.sha256 if row.document else "",
    )
    keep_term(subscription)
    return row


def _filename(typed: str) -> str:
    """The name of the file as it was sent, without what a name on disk must not have."""
    name = re.sub(r"[^\w .()-]", "_", typed.replace("\\", "/").rpartition("/")[2])[:120].strip(" .")
    return name if name.lower().endswith(".pdf") else f"{name or 'avenant'}.pdf"
