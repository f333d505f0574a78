"""Writing an agreement, asking for its signature, signing and refusing it."""

from collections.abc import Iterator
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import Select, select

from portal import clock, jobs
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.agreements.content import content_of, digest_of
from portal.agreements.models import LIVE, WAITING, A, ProcessingAgreement, versions_of
from portal.blobs import Document
from portal.customers.models import ContactRole, Customer
from portal.customers.proofs import seal_proof
from portal.db import db
from portal.engine.models import mail_contact
from portal.errors import Refused
from portal.i18n import LANGUAGES
from portal.journal import SYSTEM
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, make_link, revoke_links
from portal.mail import Addressee, link, queue_mail
from portal.paging import chunk_of
from portal.privacy.subprocessor_acts import running_under
from portal.subscriptions.models import Subscription
from portal.terms.shipped import CONTRACTS
from portal.wording import N_

LINK_DAYS = 60
PREPARE, SEND = "agreements.prepare", "agreements.send"
_AT_ONCE = 20


def _customers(contract: str) -> Select[tuple[int]]:
    """Ids of who has a running contract of this name."""
    running = running_under([contract], clock.today()).order_by(None)
    return running.with_only_columns(Subscription.customer_id)


def without_version(contract: str, language: str) -> Select[tuple[Customer]]:
    """Customers of a contract whose agreement does not say yet what it says today."""
    same = ProcessingAgreement.sha256 == digest_of(content_of(contract, language))
    have = select(ProcessingAgreement.customer_id).where(
        ProcessingAgreement.contract == contract, same, ProcessingAgreement.state.in_(LIVE)
    )
    return select(Customer).where(
        Customer.id.in_(_customers(contract)), Customer.language == language, Customer.id.not_in(have)
    )


def prepare(customer: Customer, contract: str, *, by: Actor) -> ProcessingAgreement:
    """The version of today; what waited for a signature is replaced by it, what is signed stays until then.

    Source: regulation (EU) 2016/679, art. 28 (3), (9); 003-56.
    """
    content = content_of(contract, customer.language)
    before = versions_of(customer, contract)
    for old in before:
        if old.state in WAITING:
            revoke_links(Purpose.SIGN_AGREEMENT, old)
            old._take("replace", by=by)
    row = ProcessingAgreement(
        organisation=customer.organisation,
        customer=customer,
        contract=contract,
        number=before[0].number + 1 if before else 1,
        language=customer.language,
        sha256=digest_of(content),
        content=dict(content),
        made_on=clock.today(),
        state=A.PREPARED,
    )
    row.begin_chain(contract=contract, number=str(row.number), sha256=row.sha256)
    db.session.add(row)
    db.session.flush()
    return row


def send(row: ProcessingAgreement, *, by: Actor) -> None:
    """A link to the present signatory; the one before stops working. Raises IllegalStep once it is signed."""
    row._take("send", by=by)
    row.sent_on = clock.today()
    contact = mail_contact(row.customer, ContactRole.SIGNATORY)
    made, token = make_link(
        Purpose.SIGN_AGREEMENT, row, owner=row.customer.organisation, recipient=contact.email, days=LINK_DAYS
    )
    row.note(N_("lien créé"), by=by.label, token_sha256=made.token_hash)
    queue_mail(
        contact,
        "agreements/mail_agreement.txt",
        about=row,
        owner=row.customer.organisation,
        language=row.language,
        row=row,
        url=link(f"/agreement/{token}"),
        last_day=clock.today() + timedelta(days=LINK_DAYS),
    )


def agree(row: ProcessingAgreement, name: str, role: str, shown: str, visitor: dict[str, str]) -> None:
    """Who is about to sign which version; the code then says that she has the address on file."""
    row.signer_name, row.signer_role, row.shown = name, role, shown
    row.note(N_("texte présenté et accepté"), visitor, signer=name, role=role, texts=shown)


def sign(row: ProcessingAgreement, by_link: SignedLink, visitor: dict[str, str]) -> None:
    """The code was right: sealed, in force, and the version before is not any more.

    Raises Refused where the page showed another version.

    Source: regulation (EU) 2016/679, art. 28 (3), (9).
    """
    if row.shown != row.mark:
        raise Refused(N_("Cet accord a changé depuis l'affichage de la page : relisez-le."))
    signer = Signer(f"{row.signer_name}, {row.signer_role} ({by_link.recipient})")
    row._take("sign", by=signer, number=row.number)
    row.signed_on = clock.today()
    row.note(N_("accepté"), visitor, signer=signer.label, texts=row.mark)
    for old in versions_of(row.customer, row.contract):
        if old.id != row.id and old.state == A.SIGNED:
            old._take("replace", by=signer)
    row.proof = _sealed(row, signer.label, by_link.recipient)
    queue_mail(
        Addressee(by_link.recipient, str(row.signer_name)),
        "agreements/mail_signed.txt",
        about=row,
        owner=row.customer.organisation,
        language=row.language,
        attach=[row.proof],
        row=row,
    )


def _sealed(row: ProcessingAgreement, signer: str, address: str) -> Document:
    said = row.content
    summary = [
        (_("Client"), row.customer.name),
        (_("Signataire"), signer),
        (_("Adresse du code"), address),
        (_("Version"), f"{row.number}, SHA-256 {row.sha256}"),
        *((point["code"], f"{point['title']}{_(' : ')}{point['text']}") for point in said["points"]),
        *((_("Sous-traitant"), f"{one['name']}, {one['place']}") for one in said["processors"]),
        (_("Dernière empreinte"), row.head),
    ]
    return seal_proof(
        row,
        row.customer,
        (_("Accord sur les données"), row.contract_label),
        summary,
        kind="agreement_evidence",
        name=f"accord-donnees-{row.contract}-{row.number}",
        reason=f"Accord {row.contract}",
    )


def refuse(row: ProcessingAgreement, reason: str, *, by: Actor, visitor: dict[str, str]) -> None:
    """The house reads why among today's work, and may send it again."""
    row._take("refuse", by=by, reason=reason)
    row.refusal_reason = reason
    row.note(N_("refusé"), visitor, reason=reason)


def begin_the_day() -> None:
    """Ask for what is to be written anew, and close what nobody can sign any more.

    Source: regulation (EU) 2016/679, art. 28 (3), (9); 003-56.
    """
    if any(chunk_of(each, 1) for each in _missing()):
        query = select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
        for owner in db.session.scalars(query.order_by(Organisation.id)).all():
            jobs.enqueue(PREPARE, f"{owner.uid}:{clock.today().isoformat()}", owner, unit="customers")
    for contract in CONTRACTS:
        query = select(ProcessingAgreement).where(
            ProcessingAgreement.contract == contract,
            ProcessingAgreement.state.in_(WAITING),
            ProcessingAgreement.customer_id.not_in(_customers(contract)),
        )
        for row in db.session.scalars(query):
            revoke_links(Purpose.SIGN_AGREEMENT, row)
            row._take("close", by=SYSTEM)


def _missing() -> Iterator[Select[tuple[Customer]]]:
    for contract in CONTRACTS:
        for language in LANGUAGES:
            yield without_version(contract, language)


def prepare_some() -> int:
    """Write some of what is missing; how many were written, 0 when nothing is."""
    for contract in CONTRACTS:
        for language in LANGUAGES:
            found = chunk_of(without_version(contract, language).order_by(Customer.id), _AT_ONCE)
            for customer in found:
                prepare(customer, contract, by=SYSTEM)
            if found:
                return len(found)
    return 0


def unsent() -> Select[tuple[ProcessingAgreement]]:
    return select(ProcessingAgreement).where(ProcessingAgreement.state == A.PREPARED)


def ask_to_send(owner: Organisation, *, by: Actor) -> int:
    """A task that writes to everybody whose version is prepared; how many they are.

    Raises Refused when there is nobody.
    """
    count = len(db.session.scalars(unsent().with_only_columns(ProcessingAgreement.id)).all())
    if not count:
        raise Refused(N_("Aucun accord n'attend d'être envoyé."))
    jobs.enqueue(SEND, f"{owner.uid}:{clock.now():%Y%m%d%H%M%S}", owner, total=count, unit="mails")
    return count


def send_some(*, by: Actor) -> int:
    """Write to some of them; 0 when everybody has hers."""
    found: list[ProcessingAgreement] = chunk_of(unsent().order_by(ProcessingAgreement.id), _AT_ONCE)
    for row in found:
        send(row, by=by)
    return len(found)
