"""Send a quote, have it accepted with a code, and the other ways in which it comes to an end."""

from dataclasses import asdict
from datetime import date
from hashlib import sha256

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock, jobs
from portal.accounts.models import User
from portal.actor import Actor
from portal.answers.rules.periods import price_kept_through
from portal.blobs import Document
from portal.customers.models import ContactRole, Means, TermsProof
from portal.customers.proofs import seal_proof
from portal.customers.references import check_references, own_references, references_for
from portal.customers.terms_requests import shown_texts
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import SYSTEM
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, make_link
from portal.mail import Addressee, link, queue_mail
from portal.papers import paper_digest
from portal.quotes.models import Quote, QuoteState
from portal.quotes.papers import print_quote
from portal.quotes.writing import check_days, price_line
from portal.resellers.models import next_number
from portal.subscriptions.panels import Selling
from portal.terms.stack import Stack
from portal.wholesale.back_to_back import Wider
from portal.wholesale.promises import check_promises, note_wider, wider_for
from portal.wording import N_

PREFIX = "DEV"
ORDER = "quotes.order"  # the task that places its orders; its ref is the quote's uid and the try
_AFTER = 60  # days for which its link still says what became of it
_PRICE_LOCK_MONTHS = 2  # how long an offered price stands where the contract does not say


def wider_in(quote: Quote) -> list[Wider]:
    """What its offers promise beyond what the reseller buys."""
    return [each for selling in _sellings(quote) for each in wider_for(selling)]


def _sellings(quote: Quote) -> list[Selling]:
    return [
        Selling(quote.customer, line.product, line.quantity, line.unit_cents, line.terms)
        for line in quote.lines
    ]


def send(quote: Quote, *, by: Actor, acknowledged: bool | None = None) -> None:
    """Give it today's prices and its number, print it and send its link to the signatory.

    acknowledged: does its seller say that she knows what it promises beyond the purchase?
    Raises Refused for one without lines, with a day that is over, with special conditions that the provider
    has not agreed to, or that its customer may not be offered any more.

    Source: 000-23, 004-02.
    """
    _check_sendable(quote)
    for line in quote.lines:
        price_line(line, quote.customer)
    found = [each for selling in _sellings(quote) for each in check_promises(selling, acknowledged)]
    note_wider(quote, found, by=by)
    quote.sale_vat = asdict(quote.vat)
    quote.sent_on, quote.asked_by_id = clock.today(), by.id
    quote.number = next_number(quote.legal_entity, PREFIX, clock.today().year)
    quote._take("send", by=by, number=quote.number)
    quote.document = print_quote(quote)
    db.session.flush()
    _send_link(quote, by)


def _check_sendable(quote: Quote) -> None:
    if quote.state == QuoteState.DRAFT and not quote.lines:
        raise Refused(_("Ajoutez au moins une offre à ce devis."), field="product")
    check_days(quote)
    check_references(quote.customer, references_for(quote.customer, own_references(quote)))
    if quote.wants_agreement:
        raise Refused(
            _("Ses conditions particulières engagent le fournisseur, qui ne les a pas encore approuvées.")
        )
    for line in quote.lines:
        _check_start(quote.starts_on, price_kept_through(clock.today(), _lock_months(line.texts)))


def _lock_months(terms: Stack) -> int:
    lock = terms.find("price.lock_months")
    return int(lock.value) if lock else _PRICE_LOCK_MONTHS


def _check_start(starts_on: date | None, kept_through: date) -> None:
    """Source: 000-23."""
    if starts_on is not None and starts_on > kept_through:
        raise Refused(
            _(
                "Le prix d'aujourd'hui est garanti jusqu'au %(day)s (000-23) : le devis ne peut pas débuter "
                "plus tard.",
                day=plain_day(kept_through),
            ),
            field="starts_on",
        )


def resend(quote: Quote, *, by: Actor) -> None:
    """A new link to the present signatory; the one before stops working. Raises Refused when it is late."""
    if quote.is_late:
        raise Refused(_("Ce devis n'est plus valable : faites-en une nouvelle version."))
    quote._take("resend", by=by)
    _send_link(quote, by)


def _send_link(quote: Quote, by: Actor) -> None:
    customer = quote.customer
    contact = customer.contact(ContactRole.SIGNATORY)
    days = (quote.valid_until - clock.today()).days + _AFTER
    owner = customer.organisation
    row, token = make_link(Purpose.ACCEPT_QUOTE, quote, owner=owner, recipient=contact.email, days=days)
    quote.note(N_("lien créé"), by=by.label, token_sha256=row.token_hash)
    queue_mail(
        contact,
        "quotes/mail_quote.txt",
        about=quote,
        owner=owner,
        language=customer.language,
        urgent=True,
        attach=[quote.document] if quote.document else [],
        quote=quote,
        customer=customer,
        url=link(f"/quote/{token}"),
    )


def shown_of(quote: Quote) -> str:
    """The fingerprint of just this paper and these texts, so that nothing else is accepted by its form."""
    assert quote.document is not None
    texts = " ".join(shown_texts(stack) for stack in quote.stacks())
    return sha256(f"{quote.number} {paper_digest(quote.document)} {texts}".encode()).hexdigest()


def agree(quote: Quote, name: str, role: str, shown: str, visitor: dict[str, str]) -> None:
    """Who is about to accept; the code then says that she has the address on file."""
    quote.signer_name, quote.signer_role, quote.shown = name, role, shown
    quote.note(N_("devis et textes présentés et acceptés"), visitor, signer=name, role=role, shown=shown)


def check_open(quote: Quote, by_link: SignedLink) -> None:
    """May whoever holds this link still accept? Raises Refused after the last day, or to who signs no more.

    Source: 000-02, 000-23.
    """
    if quote.is_late:
        sentence = _("Ce devis était valable jusqu'au %(day)s.", day=plain_day(quote.valid_until))
        raise Refused(sentence)
    if by_link.recipient != quote.customer.contact(ContactRole.SIGNATORY).email:
        raise Refused(
            _(
                "Ce lien a été envoyé à une personne qui n'engage plus %(name)s : demandez un nouveau lien.",
                name=quote.customer.name,
            )
        )


def accept(quote: Quote, by_link: SignedLink, visitor: dict[str, str]) -> None:
    """The code was right: the proof is sealed, the texts are accepted, both sides are told, orders follow.

    Raises Refused like :func:`check_open`, and for another paper than the one that was shown.

    Source: 000-02, 001-09, 004-02.
    """
    check_open(quote, by_link)
    if quote.shown != shown_of(quote):
        raise Refused(_("Ce devis a changé depuis l'affichage de la page : relisez-le."))
    signer = Signer(f"{quote.signer_name}, {quote.signer_role} ({by_link.recipient})")
    quote._take("accept", by=signer)
    quote.accepted_on = clock.today()
    quote.note(N_("accepté"), visitor, signer=signer.label, shown=str(quote.shown))
    quote.proof = _sealed(quote, signer.label, by_link.recipient)
    for stack in quote.stacks():
        if not quote.customer.has_accepted(stack):
            proof = TermsProof(Means.CODE, quote.proof)
            quote.customer.accept(stack, by=signer, address=visitor["ip"], proof=proof)
    queue_mail(
        Addressee(by_link.recipient, str(quote.signer_name)),
        "quotes/mail_accepted.txt",
        about=quote,
        owner=quote.customer.organisation,
        language=quote.customer.language,
        attach=[each for each in (quote.document, quote.proof) if each],
        quote=quote,
        customer=quote.customer,
    )
    tell_asker(quote)
    ask_for_orders(quote)


def ask_for_orders(quote: Quote) -> None:
    """On the day that the quote names, and at once when that has come; each try once."""
    if quote.starts_on is None or quote.starts_on <= clock.today():
        jobs.enqueue(ORDER, f"{quote.uid}:{quote.tries}", quote.customer.organisation)


def _sealed(quote: Quote, signer: str, address: str) -> Document:
    assert quote.document is not None
    documents = [document for stack in quote.stacks() for document in stack.documents]
    with force_locale(quote.customer.language):
        summary = [
            (_("Client"), quote.customer.name),
            (_("Signataire"), signer),
            (_("Adresse du code"), address),
            (_("Contenu du devis"), f"SHA-256 {paper_digest(quote.document)}"),
            *((each.title, f"{each.version}, SHA-256 {each.sha256}") for each in documents),
            (_("Dernière empreinte"), quote.head),
        ]
        reference = _("Devis"), quote.number
    return seal_proof(
        quote,
        quote.customer,
        reference,
        summary,
        kind="quote_evidence",
        name=f"acceptation-{quote.number}",
        reason=f"Devis {quote.number}",
    )


def refuse(quote: Quote, reason: str, *, by: Actor, visitor: dict[str, str]) -> None:
    quote._take("refuse", by=by, reason=reason)
    quote.refusal_reason = reason
    quote.note(N_("refusé"), visitor, reason=reason)
    tell_asker(quote)


def withdraw(quote: Quote, reason: str, *, by: Actor) -> None:
    """Its seller takes it back; whoever had its link is told, and the link says so."""
    told = quote.state != QuoteState.DRAFT
    quote._take("withdraw", by=by, reason=reason)
    if told:
        queue_mail(
            quote.customer.contact(ContactRole.SIGNATORY),
            "quotes/mail_withdrawn.txt",
            about=quote,
            owner=quote.customer.organisation,
            language=quote.customer.language,
            quote=quote,
            customer=quote.customer,
            reason=reason,
        )


def expire(quote: Quote) -> None:
    """Nobody answered until its last day: who sent it is told.

    Source: 000-23.
    """
    quote._take("expire", by=SYSTEM)
    tell_asker(quote)


def tell_asker(quote: Quote) -> None:
    """Whoever sent it reads what became of it, and goes on from there."""
    with scope(EVERYTHING):  # the asker's house lies above the customer, who acts here
        asker = db.session.get(User, quote.asked_by_id) if quote.asked_by_id else None
        if asker is None or not asker.is_enabled:
            return
        queue_mail(
            asker,
            "quotes/mail_answer.txt",
            about=quote,
            owner=asker.organisation,
            language=asker.language or "fr",
            quote=quote,
            customer=quote.customer,
            state=quote.state.value,
        )
        db.session.flush()
