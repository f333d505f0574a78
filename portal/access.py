"""Who may do what: one table of grants, one decorator, one scoped look-up."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from flask import abort, g
from sqlalchemy import Select

from portal.db import db

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    OPERATOR = "operator"  # provider
    FINANCE = "finance"  # provider
    TECHNICIAN = "technician"  # provider
    AUDITOR = "auditor"  # provider, reads everything and changes nothing
    OWNER = "owner"  # reseller
    SALES = "sales"  # reseller
    SUPPORT = "support"  # reseller's technician
    READER = "reader"  # reseller, read only
    ACCOUNTANT = "accountant"  # reseller that bills its customers itself: its months, debits, late payers
    CUSTOMER = "customer"  # end customer's own space: everything, and her people
    SIGNATORY = "signatory"  # end customer's: signs, orders, ends; no people
    BILLING = "billing"  # end customer's: sees and pays; no vaults, no restores
    TECHNICAL = "technical"  # end customer's: vaults, machines, keys, restores; no amounts


PROVIDER = {Role.OPERATOR, Role.FINANCE, Role.TECHNICIAN, Role.AUDITOR}
RESELLER = {Role.OWNER, Role.SALES, Role.SUPPORT, Role.READER, Role.ACCOUNTANT}
STAFF = PROVIDER | RESELLER
CUSTOMERS = {Role.CUSTOMER, Role.SIGNATORY, Role.BILLING, Role.TECHNICAL}  # of the end customer's house


class Permission(StrEnum):
    """What is asked of a person. Names that end in READ change nothing: a role may hold these alone."""

    HOME_READ = "home:read"
    OUTBOX_READ = "outbox:read"
    DOCUMENT_READ = "document:read"
    RESELLER_READ = "reseller:read"
    CUSTOMER_READ = "customer:read"
    CUSTOMER_WRITE = "customer:write"
    CUSTOMER_LOOK = "customer:look"
    CUSTOMER_MERGE = "customer:merge"
    CUSTOMER_TRANSFER = "customer:transfer"
    QUOTE_READ = "quote:read"
    QUOTE_WRITE = "quote:write"
    ORDER_READ = "order:read"
    ORDER_WRITE = "order:write"
    PAYMENT_WRITE = "payment:write"
    INVOICE_READ = "invoice:read"
    INVOICE_PAY = "invoice:pay"
    BILLING_READ = "billing:read"
    BILLING_RUN = "billing:run"
    MONTH_READ = "month:read"
    MONTH_RUN = "month:run"
    DUNNING_READ = "dunning:read"
    DUNNING_WRITE = "dunning:write"
    DISPUTE_OPEN = "dispute:open"
    GAP_READ = "gap:read"
    LICENSE_READ = "license:read"
    LICENSE_WRITE = "license:write"
    LICENSE_REVEAL = "license:reveal"
    KEY_STOCK_READ = "key-stock:read"
    KEY_STOCK_WRITE = "key-stock:write"
    KEY_POOL_READ = "key-pool:read"
    KEY_POOL_WRITE = "key-pool:write"
    MANDATE_READ = "mandate:read"
    MANDATE_WRITE = "mandate:write"
    OWN_MANDATE_READ = "own-mandate:read"
    OWN_MANDATE_WRITE = "own-mandate:write"
    OWN_REFUND_READ = "own-refund:read"
    OWN_REFUND_WRITE = "own-refund:write"
    MANDATE_HOLD = "mandate:hold"
    MANDATE_AGREE = "mandate:agree"
    MANDATE_IMPORT = "mandate:import"
    PROOF_READ = "proof:read"
    BATCH_READ = "batch:read"
    BATCH_WRITE = "batch:write"
    BANK_READ = "bank:read"
    BANK_WRITE = "bank:write"
    CREDITOR_READ = "creditor:read"
    CREDITOR_WRITE = "creditor:write"
    OWN_ACCOUNT_WRITE = "own-account:write"
    ENTITY_WRITE = "entity:write"
    RESELLER_WRITE = "reseller:write"
    RESELLER_STATE = "reseller:state"
    STEP_IN_READ = "step-in:read"
    STEP_IN_WISH = "step-in:wish"
    STEP_IN_SETTLE = "step-in:settle"
    BRAND_WRITE = "brand:write"
    SETUP_READ = "setup:read"
    SETUP_WRITE = "setup:write"
    SUBSCRIPTION_READ = "subscription:read"
    SUBSCRIPTION_CHANGE = "subscription:change"
    SUBSCRIPTION_TERMINATE = "subscription:terminate"
    ASSIGNMENT_READ = "assignment:read"
    ASSIGNMENT_WRITE = "assignment:write"
    ASSIGNMENT_DECIDE = "assignment:decide"
    OWN_ASSIGNMENT_READ = "own-assignment:read"
    OWN_ASSIGNMENT_ASK = "own-assignment:ask"
    LETTER_RECORD = "termination-letter:record"
    CONTRACT_END = "contract:end"
    RESTORE_READ = "restore:read"
    RESTORE_ASK = "restore:ask"
    RESTORE_WORK = "restore:work"
    WORK_ACCEPT = "work:accept"
    TICKET_READ = "ticket:read"
    TICKET_OPEN = "ticket:open"
    TICKET_WORK = "ticket:work"
    BACKUP_READ = "backup:read"
    BACKUP_WORK = "backup:work"
    BACKUP_CHOOSE = "backup:choose"
    VAULT_READ = "vault:read"
    VAULT_WRITE = "vault:write"
    VAULT_UNLOCK = "vault:unlock"
    VAULT_SET_UP = "vault:set-up"
    STORE_READ = "store:read"
    STORE_WRITE = "store:write"
    REVERSIBILITY_READ = "reversibility:read"
    REVERSIBILITY_ASK = "reversibility:ask"
    REVERSIBILITY_ACCEPT = "reversibility:accept"
    REVERSIBILITY_ERASE = "reversibility:erase"
    TERMS_READ = "terms:read"
    AMENDMENT_WRITE = "amendment:write"
    TERMS_DRAFT_READ = "terms-draft:read"
    TERMS_WRITE = "terms:write"
    TOLD_READ = "told:read"
    PRICE_READ = "price:read"
    PRICE_WRITE = "price:write"
    NOTICE_READ = "notice:read"
    JOB_READ = "job:read"
    JOB_RUN = "job:run"
    JOURNAL_READ = "journal:read"
    MAIL_READ = "mail:read"
    MAIL_SEND = "mail:send"
    LIST_WORK = "list:work"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    ACCOUNT_WRITE = "account:write"
    TREND_READ = "trend:read"
    NOTE_READ = "note:read"
    NOTE_WRITE = "note:write"
    PRICE_LIST_READ = "price-list:read"
    WHOLESALE_WRITE = "wholesale:write"
    RETAIL_WRITE = "retail:write"
    MARGIN_READ = "margin:read"
    REVENUE_READ = "revenue:read"
    RECIPIENT_READ = "recipient:read"
    RECIPIENT_WRITE = "recipient:write"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_WRITE = "certificate:write"
    MOVING_READ = "moving:read"
    MOVING_WRITE = "moving:write"
    AVAILABILITY_READ = "availability:read"
    AVAILABILITY_WRITE = "availability:write"
    SERVICE_LEVEL_READ = "service-level:read"
    CLAIM_WRITE = "claim:write"
    CREDIT_DUE_READ = "credit-due:read"
    CREDIT_DUE_DECIDE = "credit-due:decide"
    OBLIGATION_READ = "obligation:read"
    OBLIGATION_WRITE = "obligation:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_WRITE = "privacy:write"
    BREACH_TELL = "breach:tell"
    PERSON_FILE = "person:file"
    OWN_DATA_ASK = "own-data:ask"
    PERSON_ERASE = "person:erase"
    SUBPROCESSOR_TELL = "sub-processor:tell"
    SUBPROCESSOR_OBJECT = "sub-processor:object"
    TOKEN_READ = "token:read"  # noqa: S105 - a permission
    TOKEN_WRITE = "token:write"  # noqa: S105
    WEBHOOK_READ = "webhook:read"
    WEBHOOK_WRITE = "webhook:write"


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
    P.INVOICE_PAY: {Role.FINANCE, *_ISSUING},  # a transfer or a cheque has paid it
    P.BILLING_READ: {Role.FINANCE},  # rates, books, e-invoices
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
    P.BANK_READ: {Role.OPERATOR, Role.FINANCE},  # transfers, the bank's door, files that pay back
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
    P.CREDIT_DUE_READ: {Role.OPERATOR, Role.FINANCE},
    P.CREDIT_DUE_DECIDE: {Role.OPERATOR},
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
OF_ITS_ISSUER = {P.INVOICE_PAY, *(each for each in P if each.startswith(("month:", "batch:", "dunning:")))}
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
