"""A customer whose money waits for an account is asked for it, reminded after a week, and asked anew when the
bank refuses what she gave.

Each of her nights is one transaction with its mail: whatever is killed is done again, and tells her once.
"""

from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, select

from portal import clock, jobs
from portal.actor import Actor
from portal.billing.credit_models import Refund, RefundState
from portal.customers.models import ContactRole, Customer
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.links import Purpose, make_link
from portal.mail import link as public_link
from portal.mail import queue_mail
from portal.refunds.accounts import (
    QUIET_DAYS,
    RefundAccount,
    Way,
    account_for,
    account_of,
    enter_account,
    is_hers,
    proposed_for,
)
from portal.refunds.answers import ACCOUNT_REASONS, RefundAnswer
from portal.refunds.asks import AccountAsk, AskState, ask_of, asked_of
from portal.refunds.files import take_back
from portal.refunds.owed import check_changeable, check_open, is_known, owed_to, source_of, told
from portal.resellers.issuing import issuer_of_its_word
from portal.resellers.models import issuer_for
from portal.words.reasons import reason_words

REMIND_DAYS = 7  # after she was asked
LINK_DAYS = 90


def needs_account(customer: Customer) -> bool:
    """Does money of hers wait, with no account that takes it?"""
    return any(not is_known(account_for(each)) for each in owed_to(customer))


def ask_account(customer: Customer, *, by: Actor, refusal: str | None = None) -> AccountAsk:
    """Ask her, or ask again: the link of the mail before stops working.

    refusal: what the bank said of the account that she gave, a code or words; None looks it up. Raises
    Refused where nothing waits.

    Source: 000-37; L1 (C. conso L221-24).
    """
    _take_turns(customer)
    if not owed_to(customer):
        raise Refused(_("Rien n'attend d'être remboursé à ce client."))
    refusal = _refusal_of(customer) if refusal is None else refusal
    ask = hold_ask(customer)
    if ask is None:
        ask = AccountAsk(
            organisation=customer.organisation,
            customer=customer,
            state=AskState.ASKED,
            asked_on=clock.today(),
            refusal=refusal[:200],
            holder="",
            version=1,
        )
        db.session.add(ask)
        db.session.flush()
        record(ask, "ask", by=by, reason=refusal)
    else:
        ask.ask_again(refusal[:200], by=by)
    _send(ask, "refunds/mail_ask.txt")
    return ask


def _take_turns(customer: Customer) -> None:
    """Who asks the same customer at the same moment, waits: there may be no ask yet that could be held."""
    db.session.execute(select(Customer.id).where(Customer.id == customer.id).with_for_update())


def hold_ask(customer: Customer) -> AccountAsk | None:
    """The ask of a customer for a change: it is locked before her refunds, wherever both are."""
    if (ask := ask_of(customer)) is not None:
        db.session.refresh(ask, with_for_update=True)
    return ask


def _refusal_of(customer: Customer) -> str:
    """What the bank said last of an account that counts; "" where they take money, or there is none."""
    accounts = [account_for(each) for each in owed_to(customer)]
    if not any(each is not None and each.refused_on for each in accounts):
        return ""
    query = select(RefundAnswer.reason).join(Refund, Refund.id == RefundAnswer.refund_id)
    query = query.where(Refund.customer_id == customer.id, RefundAnswer.reason.in_(ACCOUNT_REASONS))
    with scope(EVERYTHING):  # what the bank says is its issuer's
        return db.session.scalars(query.order_by(RefundAnswer.id.desc())).first() or ""


def refusal_words(ask: AccountAsk) -> str:
    """What the bank said, in the language that is set; what finance noted stands as it was typed."""
    return str(reason_words(ask.refusal)) if ask.refusal in ACCOUNT_REASONS else ask.refusal


def _send(ask: AccountAsk, template: str) -> None:
    customer, contact = ask.customer, asked_of(ask.customer)
    owner = customer.organisation
    _link, token = make_link(
        Purpose.REFUND_ACCOUNT, ask, owner=owner, recipient=contact.email, days=LINK_DAYS
    )
    owed = told(owed_to(customer))
    first = owed[0].refund
    useful = first.due_by - timedelta(QUIET_DAYS)
    with force_locale(customer.language):
        refusal = refusal_words(ask)
    queue_mail(
        contact,
        template,
        about=first,
        owner=owner,
        language=customer.language,
        urgent=True,
        ask=ask,
        owed=owed,
        cents=sum(each.refund.cents for each in owed),
        due_by=first.due_by,
        source=source_of(first),
        useful_by=useful if useful >= clock.today() else None,
        refusal=refusal,
        entity=first.legal_entity,
        url=public_link(f"/refund-account/{token}"),
        last_day=clock.today() + timedelta(LINK_DAYS),
    )


def give_account(
    customer: Customer, iban: str, holder: str, *, by: Actor, way: Way, address: str
) -> RefundAccount:
    """The account that she says herself; those who get her bills and sign for her are told at once.

    address: IP. Raises Refused where no refund waits any more, with the reason, and for no account.
    """
    hold_ask(customer)
    check_open(customer)
    row = enter_account(customer, iban, holder, by=by, way=way, address=address)
    _confirm(row)
    return row


def _confirm(row: RefundAccount) -> None:
    customer = row.customer
    signs = customer.contact(ContactRole.SIGNATORY)
    for email in dict.fromkeys((asked_of(customer).email, signs.email)):
        queue_mail(
            customer.person_at(email),
            "refunds/mail_account.txt",
            about=customer,
            owner=customer.organisation,
            language=customer.language,
            urgent=True,
            account=account_of(customer),
            entity=issuer_for(customer),
        )


def enter_for(
    refund: Refund, iban: str, holder: str, *, by: Actor, way: Way = Way.STAFF, address: str = ""
) -> RefundAccount:
    """What finance types or agrees to; people of a reseller say it for the issuer that they run alone.

    Raises Refused for a refund that a file holds, or that is over.
    """
    hold_ask(refund.customer)
    db.session.refresh(refund, with_for_update=True)
    check_changeable(refund)
    issuer_id = issuer_of_its_word(by, refund.legal_entity_id)
    row = enter_account(refund.customer, iban, holder, by=by, way=way, address=address, issuer_id=issuer_id)
    ask = ask_of(refund.customer)
    if issuer_id is not None and ask is not None and not needs_account(refund.customer):
        ask.give(by=by)
    return row


def take_payer(refund: Refund, agreed: bool, *, by: Actor, address: str) -> RefundAccount:
    """Pay back to the account that the money came from.

    agreed: it was said that the holder's other name is known. Raises Refused without it for another holder,
    and where no statement told an account.

    Source: L1 (C. conso L221-24: by the same means of payment).
    """
    payer = proposed_for(refund)
    if payer is None:
        raise Refused(_("Aucun relevé ne dit de quel compte ce paiement est venu."))
    if not agreed and not is_hers(payer.holder, refund.customer):
        raise Refused(
            _("Le titulaire porte un autre nom : confirmez que ce compte est le bon."), field="agreed"
        )
    return enter_for(refund, payer.iban, payer.holder, by=by, way=Way.PAYER, address=address)


def note_return(refund: Refund, note: str, *, is_account: bool, by: Actor) -> None:
    """The bank could not pay it, as a person says. is_account: because of the account, so she is asked anew.

    Raises Refused without what the bank said.
    """
    hold_ask(refund.customer)
    take_back(refund, note, by=by)
    if is_account:
        refund.account_refused_on = clock.today()
        db.session.flush()
        if not refund.paper and needs_account(refund.customer):
            ask_account(refund.customer, by=by, refusal=note.strip())


def look_at(customer: Customer) -> None:
    """Her night: ask, remind once, or close what needs no answer any more."""
    _take_turns(customer)
    ask = hold_ask(customer)
    if not needs_account(customer):
        if ask is not None and ask.can("close") and not _has_money_under_way(customer):
            ask.close(by=SYSTEM)
    elif ask is None or ask.state != AskState.ASKED:
        ask_account(customer, by=SYSTEM)
    elif ask.reminded_on is None and ask.asked_on + timedelta(REMIND_DAYS) <= clock.today():
        ask.remind(by=SYSTEM)
        _send(ask, "refunds/mail_remind.txt")


def _has_money_under_way(customer: Customer) -> bool:
    under_way = (RefundState.OWED, RefundState.IN_FILE)
    query = select(Refund.id).where(Refund.customer_id == customer.id, Refund.paper == "")
    return db.session.scalars(query.where(Refund.state.in_(under_way))).first() is not None


@jobs.periodic("refunds.accounts", jobs.daily)
def look_at_accounts() -> None:
    """One task for each customer to whom money is owed, or who was asked.

    Source: 000-37; L1 (C. conso L221-24).
    """
    owed = select(Refund.customer_id).where(Refund.state == RefundState.OWED, Refund.paper == "")
    asked = select(AccountAsk.customer_id).where(AccountAsk.state != AskState.OVER)
    query = select(Customer).where(or_(Customer.id.in_(owed), Customer.id.in_(asked)))
    for customer in db.session.scalars(query.order_by(Customer.id)):
        ref = f"{customer.uid}:{clock.today():%y%m%d}"
        jobs.enqueue("refunds.account", ref, customer.organisation)


@jobs.job("refunds.account", jobs.Lane.PROMPT)
def ask_in_the_night(claim: jobs.Claim) -> None:
    """Source: 000-37; L1 (C. conso L221-24)."""
    uid = claim.ref.partition(":")[0]
    look_at(db.session.scalars(select(Customer).where(Customer.uid == uid)).one())
    claim.step(done=1, total=1)
