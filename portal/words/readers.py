"""Words that differ by who reads them: a customer is addressed, her provider and reseller speak of her."""

from typing import Any

from flask import g, has_app_context
from flask_babel.speaklater import LazyString


def for_whom(hers: Any, staffs: Any) -> Any:
    """``hers`` for the customer, with an account or by a signed link; ``staffs`` for everybody else.

    Whoever looks at a customer's space reads as she does. Where nobody acts, as in a job, it is ``staffs``.
    """
    if not has_app_context() or "actor" not in g:
        return staffs
    return hers if g.actor is None or g.actor.is_customer else staffs


def reads(hers: Any, staffs: Any) -> LazyString:
    """The same for a table of words or a label: decided when it is read."""
    return LazyString(lambda: str(for_whom(hers, staffs)))
