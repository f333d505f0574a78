"""The words of a mail: its template, the free words of a house, the greeting and the foot around them."""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from flask import current_app, render_template
from flask_babel import force_locale, get_locale

from portal.mail.free import Asked, Free, Words, words_for
from portal.mail.greeting import Reachable, name_to_greet
from portal.mail.homes import home_for, own_home
from portal.mail.kinds import KINDS, kind_of_template
from portal.mail.sample import forgiving
from portal.mail.voice import Voice, voice_for

_BODY, _HOUSE, _GREETED = "\x01", "\x02", "\x03"  # signs that no mail holds
SUBJECT = 78  # signs of a subject (RFC 5322, 2.1.1)
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")


class Written(NamedTuple):
    """A mail's subject, its whole text, what of it stands between greeting and sign, and the free sentences
    that its template has, by their part.
    """

    subject: str
    body: str
    inner: str
    shipped: dict[str, str]


def written(
    template: str, language: str, *, owner: Any, person: Reachable, voice: Voice, **context: Any
) -> Written:
    """The text of a mail, without signs that would turn its lines round."""
    words = words_for(Asked(owner, kind_of_template(template), language))
    free = _free(words, language, owner, person, voice)
    with force_locale(language):
        text = render_template(
            template, public_url=own_home(), free=free, person=person, voice=voice, **context
        )
        return _framed(text, template, free, owner=owner, person=person, voice=voice)


def sample(template: str, language: str, words: Words, *, owner: Any, person: Reachable) -> Written:
    """How a mail reads with these words: every value that the portal fills in is shown as « … »."""
    voice = voice_for(owner)
    free = _free(words, language, owner, person, voice)
    address = f"{own_home()}/…"
    with force_locale(language):
        text = (
            forgiving(current_app.jinja_env)
            .get_template(template)
            .render(
                public_url=own_home(), free=free, person=person, voice=voice, address=address, url=address
            )
        )
        return _framed(text, template, free, owner=owner, person=person, voice=voice)


def _free(words: Words, language: str, owner: Any, person: Reachable, voice: Voice) -> Free:
    house = str(getattr(owner, "name", ""))
    brand = voice.brand or voice.interlocutor or voice.name
    values = {
        "customer": house,
        "recipient": person.name or house,
        "brand": brand,
        "support": voice.reached or voice.email,
    }
    return Free(words, language, values)


def _framed(text: str, template: str, free: Free, *, owner: Any, person: Reachable, voice: Voice) -> Written:
    house = str(getattr(owner, "name", ""))
    subject, _newline, body = text.strip().partition("\n")
    inner = free.around(body.strip("\n").rstrip())
    greeted = name_to_greet(person.name, house=house)
    frame = _frame(kind_of_template(template), voice, str(get_locale()), greets=bool(greeted))
    whole = "".join({_BODY: inner, _HOUSE: house, _GREETED: greeted}.get(each, each) for each in frame)
    there = home_for(owner)
    if there != own_home():  # an address of the portal stands alone on its line
        at_home = rf"^(\s+){re.escape(own_home())}/"
        whole = re.sub(at_home, lambda found: f"{found[1]}{there}/", whole, flags=re.M)
    return Written(_shortened(_plain(subject.strip())), _plain(whole).strip() + "\n", inner, free.shipped)


@lru_cache(maxsize=1024)  # a run puts the same frame around thousands
def _frame(kind: str, voice: Voice, _language: str, *, greets: bool) -> tuple[str, ...]:
    """Greeting, sign and reason in the language that is set, with places for what is one mail's own."""
    text = render_template(
        "mails/frame.txt",
        kind=KINDS[kind],
        house=_HOUSE,
        body=_BODY,
        greeted=_GREETED if greets else "",
        voice=voice,
    )
    return tuple(re.split(f"({_BODY}|{_HOUSE}|{_GREETED})", text))


def _plain(text: str) -> str:
    return _TURNING.sub("", text)


def _shortened(subject: str) -> str:
    """No longer than a line of a mail may be; the mail itself says all of it."""
    return (
        subject
        if len(subject) <= SUBJECT
        else f"{subject[: SUBJECT - 1].rpartition(' ')[0] or subject[: SUBJECT - 1]}…"
    )
