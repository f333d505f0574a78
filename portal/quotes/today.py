"""What quotes ask of a person: orders that something refuses, conditions to which the provider agrees."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.quotes.models import Quote, QuoteState
from portal.today import Cost, Kind, Todo, waits


def _held() -> Select[tuple[Quote]]:
    query = Quote.visible_to(g.actor).where(Quote.state == QuoteState.ACCEPTED, Quote.held_at.is_not(None))
    return query.options(joinedload(Quote.customer))


waits(
    Kind(
        name="quote.held",
        label=_l("Devis acceptés dont les commandes sont retenues"),
        cost=Cost.MONEY,
        permission=Permission.QUOTE_WRITE,
        rows=_held,
        order=(Quote.id,),
        tell=lambda row: Todo(
            what=_("Devis %(number)s : %(why)s", number=row.number, why=row.held_because),
            who=row.customer.name,
            url=url_for("quotes.show_quote", uid=row.uid, _anchor="held"),
            button=_("Continuer"),
            due=row.held_at,
        ),
        everything=lambda: url_for("quotes.list_quotes", state=QuoteState.ACCEPTED),
        entry="quotes.list_quotes",
    )
)


def _to_agree() -> Select[tuple[Quote]]:
    query = Quote.visible_to(g.actor).where(Quote.state == QuoteState.DRAFT, Quote.wants_agreement)
    return query.options(joinedload(Quote.customer))


waits(
    Kind(
        name="quote.agreement",
        label=_l("Conditions particulières à approuver"),
        cost=Cost.PEOPLE,
        permission=Permission.AMENDMENT_WRITE,
        rows=_to_agree,
        order=(Quote.id,),
        tell=lambda row: Todo(
            what=_("Conditions particulières d'un devis à approuver"),
            who=row.customer.name,
            url=url_for("quotes.show_quote", uid=row.uid),
            button=_("Lire le devis"),
        ),
        everything=lambda: url_for("quotes.list_quotes", state=QuoteState.DRAFT),
        entry="quotes.list_quotes",
    )
)
