"""The words as filters of the templates."""

from flask import Flask

from portal.words import choices
from portal.words.events import event_text
from portal.words.obligations import DUTY_WORDS, RIGHT_WORDS
from portal.words.orders import order_lines
from portal.words.readers import for_whom
from portal.words.reasons import REVERSIBILITY_REASONS
from portal.words.states import look_of

NAMES = {
    "role_name": choices.ROLES,
    "kind_name": choices.KINDS,
    "contact_name": choices.CONTACTS,
    "party_name": choices.PARTIES,
    "means_name": choices.MEANS,
    "why_name": choices.WHYS,
    "plan_name": choices.PLANS,
    "source_name": choices.SOURCES,
    "method_name": choices.METHODS,
    "payment_kind": choices.PAYMENTS,
    "cause_name": choices.CAUSES,
    "work_item": choices.WORK_ITEMS,
    "work_outcome": choices.WORK_OUTCOMES,
    "ticket_kind": choices.TICKET_KINDS,
    "ticket_source": choices.TICKET_SOURCES,
    "owed_duty": DUTY_WORDS,
    "owed_right": RIGHT_WORDS,
    "ticket_right": choices.TICKET_RIGHTS,
    "claim_standing": choices.CLAIM_STANDINGS,
    "holder_advice": choices.HOLDER_ADVICE,
    "custody_name": choices.CUSTODIES,
    "opening_purpose": choices.OPENING_PURPOSES,
    "handover_form": choices.FORM_WORDS,
    "reversibility_reason": REVERSIBILITY_REASONS,
}


def initials(name: str) -> str:
    """Of a person's name: « Claire Dupont » gives « CD »."""
    words = name.split()
    return "".join(word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])).upper()


def init_app(app: Flask) -> None:
    app.add_template_filter(look_of, "pill_look")
    app.add_template_filter(event_text)
    app.add_template_filter(initials)
    app.add_template_filter(order_lines)
    app.add_template_global(for_whom)
    for name, table in NAMES.items():
        app.add_template_filter(lambda value, table=table: table.get(str(value), value), name)
