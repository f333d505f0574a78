"""The letter of a termination, noted by who received it."""

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectChoice, SelectField

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.forms import WHOLE, saving
from portal.panels import Panel
from portal.scans import LARGEST_SCAN
from portal.subscriptions.letter_form import ReceivedLetterForm
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_panel
from portal.subscriptions.termination import Reason, check_no_event
from portal.subscriptions.termination_letters import letter_asked, letter_of, record_letter
from portal.words.clauses import CHOICES

bp = Blueprint("termination_letters", __name__, url_prefix="/subscriptions/<uid>/termination/letter")


class LetterForm(ReceivedLetterForm):
    reason = SelectField(
        _l("Motif"),
        choices=[SelectChoice(each.value, CHOICES[each.value]) for each in Reason if each != Reason.BREACH],
    )


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: it carries a file."""
    if endpoint == "termination_letters.note_letter":
        request.max_content_length = LARGEST_SCAN + 65_536


@bp.get("")
@requires(Permission.LETTER_RECORD)
def new_letter(uid: str) -> Response:
    return _page(get_or_404(Subscription.visible_to(g.actor), uid), LetterForm(formdata=None))


def _page(subscription: Subscription, form: LetterForm, status: int = 200) -> Response:
    page = render_template(
        "subscriptions/letter.html", subscription=subscription, form=form, letter=letter_of(subscription)
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.LETTER_RECORD)
def note_letter(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = LetterForm()
    if form.validate():
        with saving(form, WHOLE):
            check_no_event(subscription, form.reason.data)
            record_letter(
                subscription,
                posted_on=form.posted_on.data,
                first_presented_on=form.first_presented_on.data,
                received_on=form.received_on.data,
                tracking=form.tracking.data,
                reason=form.reason.data,
                scan=form.scanned,
                by=g.actor,
            )
    if form.errors or form.form_errors:
        return _page(get_or_404(Subscription.visible_to(g.actor), uid), form, 422)
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=_("La lettre est enregistrée."))


@subscription_panel(rank=40)
def letter_panel(subscription: Subscription) -> Panel | None:
    letter, asked = letter_of(subscription), letter_asked(subscription)
    if letter is None and asked is None:
        return None
    context = {"subscription": subscription, "letter": letter, "asked": asked}
    return Panel("subscriptions/_letter.html", context)
