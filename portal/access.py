"""Who may do what: one table of grants, one decorator, one scoped look-up."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import abort, g
from sqlalchemy import Select

from portal.db import db
from portal.permissions import CUSTOMERS as CUSTOMERS
from portal.permissions import PROVIDER as PROVIDER
from portal.permissions import RESELLER as RESELLER
from portal.permissions import STAFF as STAFF
from portal.permissions import Permission as Permission
from portal.permissions import Role as Role

View = TypeVar("View", bound=Callable[..., Any])


P = Permission
_SELLING = {Role.OWNER, Role.SALES}
_REPAIRING = {Role.OPERATOR, Role.TECHNICIAN, Role.OWNER, Role.SUPPORT}
_DECIDING = {Role.CUSTOMER, Role.SIGNATORY}  # for the end customer
_WORKING = {*_DECIDING, Role.TECHNICAL}  # with the end customer's machines
_MONEY = set(Role) - {Role.TECHNICAL}  # who may see an amount
_ISSUING = {Role.OWNER, Role.ACCOUNTANT}  # for the issuer of their own house, where it has one

GRANTS: dict[Permission, set[Role]] = {
    P.HOME_READ: set(Role),
    P.OUTBOX_READ: set(STAFF),
    P.DOCUMENT_READ: set(Role),
    P.RESELLER_READ: {*PROVIDER, Role.OWNER},  # one's own house, and those below it
    P.RESELLER_WRITE: {Role.OPERATOR, Role.OWNER},  # identity and new ones below
    P.RESELLER_STATE: {Role.OPERATOR},  # contract and states
    P.OWN_ACCOUNT_WRITE: {Role.OWNER},  # of a house that invoices itself; the provider agrees
    P.ENTITY_WRITE: {Role.OPERATOR},
    P.STEP_IN_READ: {Role.OPERATOR, *_DECIDING},
    P.STEP_IN_WISH: set(_DECIDING),
    P.STEP_IN_SETTLE: {Role.OPERATOR},
    P.BRAND_WRITE: {Role.OPERATOR, Role.OWNER},
    P.SETUP_READ: {Role.OPERATOR},
    P.SETUP_WRITE: {Role.OPERATOR},
    P.CUSTOMER_READ: set(STAFF),
    P.CUSTOMER_WRITE: {Role.OPERATOR, *_SELLING},
    P.CUSTOMER_LOOK: set(_REPAIRING),
    P.CUSTOMER_MERGE: {Role.OPERATOR, Role.OWNER},
    P.CUSTOMER_TRANSFER: {Role.OPERATOR},  # from one reseller to another: who stands above both
    P.QUOTE_READ: set(_MONEY),
    P.QUOTE_WRITE: {Role.OPERATOR, *_SELLING},
    P.ORDER_READ: set(_MONEY),
    P.ORDER_WRITE: {Role.OPERATOR, *_SELLING},
    P.PAYMENT_WRITE: {Role.FINANCE},
    P.INVOICE_READ: set(_MONEY),
    P.INVOICE_PAY: {Role.FINANCE, *_ISSUING},  # a transfer or a cheque has paid it, or has not
    P.BILLING_READ: {Role.FINANCE},  # rates, VAT, e-invoices
    P.BILLING_RUN: {Role.FINANCE},
    P.MONTH_READ: {Role.FINANCE, *_ISSUING},  # runs, and what they would bill
    P.MONTH_RUN: {Role.FINANCE, *_ISSUING},
    P.DUNNING_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # late payers: what is owed, what comes next
    P.DUNNING_WRITE: {Role.FINANCE, *_ISSUING},
    P.DISPUTE_OPEN: {Role.FINANCE, *_DECIDING, Role.BILLING},  # of an invoice: hers, or for her
    P.GAP_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # usage above the contract; who bills decides
    P.LICENSE_READ: {*PROVIDER, Role.OWNER, Role.SALES, Role.SUPPORT, *_WORKING},
    P.LICENSE_REVEAL: set(_REPAIRING),  # a whole key; its customer reads it anyway
    P.LICENSE_WRITE: {*_REPAIRING, *_WORKING},  # seats given back, files for machines without network
    P.KEY_STOCK_READ: {Role.OPERATOR, Role.TECHNICIAN, Role.OWNER, Role.SALES, Role.SUPPORT},
    P.KEY_STOCK_WRITE: {Role.OPERATOR, *_SELLING},  # keys in number: issued, assigned, sent again
    P.KEY_POOL_READ: {Role.OPERATOR},
    P.KEY_POOL_WRITE: {Role.OPERATOR},  # another vendor's keys
    P.MANDATE_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING, Role.SALES, Role.READER},
    P.MANDATE_WRITE: {Role.OPERATOR, Role.FINANCE, *_SELLING, Role.ACCOUNTANT},
    P.OWN_MANDATE_READ: {*_DECIDING, Role.BILLING},  # a customer's own list
    P.OWN_MANDATE_WRITE: {*_DECIDING, Role.BILLING},  # asks for a link, which goes to who signs
    P.OWN_REFUND_READ: {*_DECIDING, Role.BILLING},  # what is paid back to her
    P.OWN_REFUND_WRITE: {*_DECIDING, Role.BILLING},  # on which account
    P.MANDATE_HOLD: {Role.OPERATOR, Role.FINANCE},
    P.MANDATE_AGREE: {Role.OPERATOR, Role.FINANCE, Role.OWNER},  # to a paper that a colleague has typed
    P.MANDATE_IMPORT: {Role.OPERATOR, Role.FINANCE},
    P.PROOF_READ: {Role.OPERATOR, Role.FINANCE, Role.OWNER},
    P.BATCH_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # debits, their files, the bank's answers
    P.BATCH_WRITE: {Role.FINANCE, *_ISSUING},
    P.REFUND_READ: {Role.FINANCE, *_ISSUING},  # what is owed back to customers
    P.REFUND_WRITE: {Role.FINANCE, *_ISSUING},
    P.REFUND_FILE_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # the files that pay it
    P.REFUND_FILE_WRITE: {Role.FINANCE, *_ISSUING},
    P.BOOKS_READ: {Role.FINANCE, *_ISSUING},  # entries, closings, what a check has found
    P.BOOKS_CHECK: {Role.FINANCE, *_ISSUING},  # changes nothing in them
    P.CREDIT_NOTE_WRITE: {Role.FINANCE, *_ISSUING},  # by hand, on an invoice
    P.WIRE_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # transfers that came in
    P.WIRE_WRITE: {Role.FINANCE, *_ISSUING},
    P.BANK_READ: {Role.OPERATOR, Role.FINANCE},  # the bank's door
    P.BANK_WRITE: {Role.FINANCE},
    P.CREDITOR_READ: {Role.OPERATOR, Role.FINANCE},
    P.CREDITOR_WRITE: {Role.OPERATOR, Role.FINANCE},
    P.SUBSCRIPTION_READ: set(_MONEY),
    P.LETTER_RECORD: {Role.OPERATOR, Role.OWNER},  # of a customer's own, by who received it
    P.CONTRACT_END: {Role.OPERATOR, Role.FINANCE},  # the provider ends or suspends a contract
    P.SUBSCRIPTION_CHANGE: {Role.OPERATOR, *_SELLING, *_DECIDING},  # more or less of what runs
    P.SUBSCRIPTION_TERMINATE: {Role.OPERATOR, Role.OWNER, *_DECIDING},
    P.ASSIGNMENT_READ: {Role.OPERATOR, Role.FINANCE, *_SELLING, Role.READER},
    P.ASSIGNMENT_WRITE: {Role.OPERATOR, Role.OWNER},  # asks both customers of one reseller
    P.ASSIGNMENT_DECIDE: {Role.OPERATOR},  # the provider's consent (004-44)
    P.OWN_ASSIGNMENT_READ: set(_DECIDING),  # what it would mean, from her own space
    P.OWN_ASSIGNMENT_ASK: set(_DECIDING),
    P.RESTORE_READ: {*_REPAIRING, Role.FINANCE, Role.SALES, Role.READER, *_WORKING},
    P.RESTORE_ASK: {*_REPAIRING, *_WORKING},
    P.RESTORE_WORK: set(_REPAIRING),
    P.BACKUP_READ: {*_REPAIRING, Role.SALES, Role.READER, *_WORKING},
    P.BACKUP_WORK: set(_REPAIRING),
    P.BACKUP_CHOOSE: {*_REPAIRING, *_WORKING},
    P.VAULT_READ: {*_REPAIRING, Role.SALES, Role.READER, *_WORKING},
    P.VAULT_WRITE: {Role.OPERATOR, Role.TECHNICIAN},
    P.VAULT_UNLOCK: set(_WORKING),
    P.VAULT_SET_UP: {*_REPAIRING, *_WORKING},  # credentials of a storage server; they open no backup
    P.STORE_READ: {Role.OPERATOR, Role.TECHNICIAN},
    P.STORE_WRITE: {Role.OPERATOR},
    P.WORK_ACCEPT: set(_DECIDING),  # a quote of work beside the plan, from her own space
    P.TICKET_READ: {*_REPAIRING, Role.FINANCE, Role.SALES, Role.READER, *CUSTOMERS},
    P.TICKET_OPEN: set(CUSTOMERS),  # from their own space
    P.TICKET_WORK: set(_REPAIRING),
    P.REVERSIBILITY_READ: {*STAFF, *_DECIDING},
    P.REVERSIBILITY_ASK: {Role.OPERATOR, Role.OWNER, *_DECIDING},
    P.REVERSIBILITY_ACCEPT: set(_DECIDING),
    P.REVERSIBILITY_ERASE: {Role.OPERATOR},
    P.AMENDMENT_WRITE: {Role.OPERATOR},
    P.TERMS_READ: set(STAFF),
    P.TERMS_DRAFT_READ: {Role.OPERATOR},
    P.TERMS_WRITE: {Role.OPERATOR},
    P.TOLD_READ: {Role.OPERATOR},  # who was told of new terms, and what became of it
    P.PRICE_READ: {Role.OPERATOR},
    P.PRICE_WRITE: {Role.OPERATOR},
    P.NOTICE_READ: {*_DECIDING, Role.BILLING},  # one's own list; a single one with its subscription
    P.JOB_READ: set(PROVIDER),
    P.JOB_RUN: {Role.OPERATOR},
    P.MAIL_READ: {*PROVIDER, Role.OWNER},  # when, to whom and what became of it; nobody reads the text
    P.MAIL_SEND: {Role.OPERATOR, Role.FINANCE, Role.OWNER},  # the same words once more
    P.LIST_WORK: set(Role),  # kept views, and what is done with chosen rows asks for its own permission
    P.PEOPLE_READ: {Role.OPERATOR, Role.OWNER, Role.CUSTOMER},  # of one's own house and below
    P.PEOPLE_WRITE: {Role.OPERATOR, Role.OWNER, Role.CUSTOMER},
    P.ACCOUNT_WRITE: set(Role),  # one's own
    P.TREND_READ: {Role.OPERATOR, Role.FINANCE, Role.OWNER},  # figures of the month
    P.NOTE_READ: set(STAFF),
    P.NOTE_WRITE: set(STAFF) - {Role.READER, Role.AUDITOR},
    P.PRICE_LIST_READ: {Role.OPERATOR, Role.FINANCE, *_SELLING},  # what a reseller pays and asks
    P.WHOLESALE_WRITE: {Role.OPERATOR},
    P.RETAIL_WRITE: {Role.OWNER},
    P.MARGIN_READ: {Role.OPERATOR, Role.FINANCE, *_SELLING},  # never the customer
    P.REVENUE_READ: {Role.OPERATOR, Role.FINANCE},  # of an issuer, by clause of its contracts
    P.RECIPIENT_READ: {Role.OPERATOR, *_SELLING, *_DECIDING, Role.BILLING},  # who gets a customer's mails
    P.RECIPIENT_WRITE: {Role.OPERATOR, *_SELLING, *_DECIDING, Role.BILLING},
    P.CERTIFICATE_READ: set(PROVIDER),
    P.CERTIFICATE_WRITE: {Role.OPERATOR},
    P.MOVING_READ: {Role.OPERATOR, Role.OWNER},  # imports from another system, each of the own tree
    P.MOVING_WRITE: {Role.OPERATOR, Role.OWNER},
    P.AVAILABILITY_READ: set(PROVIDER),
    P.AVAILABILITY_WRITE: {Role.OPERATOR, Role.TECHNICIAN},  # outages, measures, maintenance
    P.SERVICE_LEVEL_READ: {*PROVIDER, Role.OWNER, Role.SUPPORT, *CUSTOMERS},  # one subscription's month
    P.CLAIM_WRITE: {Role.OPERATOR, Role.OWNER, *_WORKING},  # a reservation or claim: hers, or for her
    P.CREDIT_DUE_READ: {Role.OPERATOR, Role.FINANCE, *_ISSUING},  # for a month below its promise
    P.CREDIT_DUE_DECIDE: {Role.OPERATOR, *_ISSUING},
    P.OBLIGATION_READ: {Role.OPERATOR, Role.OWNER},  # what the provider owes by a day
    P.OBLIGATION_WRITE: {Role.OPERATOR, Role.OWNER},  # are one's customers told of a miss
    P.PRIVACY_READ: {Role.OPERATOR},  # breaches of personal data
    P.PRIVACY_WRITE: {Role.OPERATOR},
    P.BREACH_TELL: {Role.OPERATOR},  # to every customer whom it touches
    P.PERSON_FILE: {Role.OPERATOR},  # all that is held about a person, sent to her
    P.PERSON_ERASE: {Role.OPERATOR},  # what may go goes for good
    P.OWN_DATA_ASK: set(CUSTOMERS),  # from their own space
    P.SUBPROCESSOR_TELL: {Role.OPERATOR},  # to every customer of the contracts that a change concerns
    P.SUBPROCESSOR_OBJECT: set(_DECIDING),  # to a change, from their own space
    P.JOURNAL_READ: {Role.OPERATOR, Role.OWNER},  # each of the own tree
    P.TOKEN_READ: set(STAFF),  # by which other systems act as her: one's own
    P.TOKEN_WRITE: set(STAFF),
    P.WEBHOOK_READ: {Role.OPERATOR, Role.OWNER},  # calls to a house's own systems
    P.WEBHOOK_WRITE: {Role.OPERATOR, Role.OWNER},
}


_OWN = (P.NOTICE_READ, P.OWN_MANDATE_READ, P.OWN_REFUND_READ, P.OWN_ASSIGNMENT_READ)  # a customer's alone
for _permission, _roles in GRANTS.items():
    if _permission.value.endswith(":read") and _permission not in _OWN:
        _roles.add(Role.AUDITOR)


# What people of a reseller are granted for the issuer of their own house: nothing where it has none.
_ITS_ROOMS = {
    *("month", "batch", "dunning", "refund", "refund-file"),
    *("wire", "credit-note", "credit-due", "books"),
}
OF_ITS_ISSUER = {P.INVOICE_PAY, *(each for each in P if each.partition(":")[0] in _ITS_ROOMS)}
_has_issuer: list[Callable[[Any], bool]] = []


def tells_whether_it_bills(function: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Register who knows whether the house of a person of a reseller bills its customers itself."""
    _has_issuer[:] = [function]
    return function


def holds(actor: Any, permission: Permission) -> bool:
    """Does the role of this person hold it, in her house?"""
    asks_its_house = permission in OF_ITS_ISSUER and actor.role in RESELLER
    return actor.role in GRANTS[permission] and (not asks_its_house or _has_issuer[0](actor))


def granted(actor: Any, permission: Permission) -> bool:
    """May this person? Who looks at somebody's space may read what that one reads, and nothing else."""
    reads = permission.value.endswith(":read")
    return (reads or not actor.is_looking) and holds(actor, permission)


def requires(permission: Permission) -> Callable[[View], View]:
    """Run the view for who is granted ``permission``; else 401 or 403, or 404 in a house without issuer."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if g.actor is None:
                abort(401)
            if not granted(g.actor, permission):
                abort(404 if g.actor.role in GRANTS[permission] and not g.actor.is_looking else 403)
            return view(*args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def public(reason: str) -> Callable[[View], View]:
    """Mark a view that works without signing in, and say why (read by the architecture tests)."""

    def decorate(view: View) -> View:
        view.public_because = reason  # type: ignore[attr-defined]
        return view

    return decorate


def may(permission: str) -> bool:
    """For templates: is the present actor granted this permission, such as ``customer:write``?"""
    actor = g.get("actor")
    return actor is not None and granted(actor, Permission(permission))


def get_or_404(query: Select[Any], uid: str) -> Any:
    """The one row of a scoped query that has this public id; a foreign row is a missing row."""
    model = query.column_descriptions[0]["entity"]
    row = db.session.scalars(query.where(model.uid == uid)).one_or_none()
    if row is None:
        abort(404)
    return row
