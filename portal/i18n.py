"""Languages and the way amounts, dates and sizes are written."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from babel.dates import format_date as babel_date
from babel.numbers import format_currency, format_decimal
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, Domain, format_date, format_datetime, format_percent, get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from portal.clock import paris_day
from portal.errors import PortalError
from portal.typography import French
from portal.wording import Cents, Rate, Sentence, Word

LANGUAGES = {"fr": "Français", "en": "English"}
LANGUAGE_COOKIE = "lang"


def choose_language() -> str:
    """The person's own setting, else the cookie of the language switch, else the browser's wish."""
    if not has_request_context():
        return "fr"
    actor = g.get("actor")
    wishes = (request.cookies.get(LANGUAGE_COOKIE), actor and actor.language)
    for wish in wishes:
        if wish in LANGUAGES:
            return str(wish)
    return request.accept_languages.best_match(LANGUAGES) or "fr"


class Sentences(Domain):
    """English comes from its catalogue; French is the source, typeset when it is asked for."""

    def get_translations(self) -> NullTranslations:
        locale = get_locale()
        if locale is None or locale.language != "fr":
            return super().get_translations()
        if "fr" not in self.cache:
            english = Translations.load(self.translation_directories[0], ["en"], self.domain[0])
            self.cache["fr"] = French(english._catalog)
        return self.cache["fr"]


class Languages(Babel):
    @cached_property
    def domain_instance(self) -> Domain:
        return Sentences(domain=self.domain)


def said(error: PortalError) -> str:
    """The sentence of an error in the person's language."""
    return _(error.template, **_localised(error.values))


def translated(sentence: str) -> str:
    """A stored sentence of the portal's own in the person's language, as it stands when it is not ours."""
    return _(sentence) if sentence else ""


def told(sentence: Sentence) -> str:
    """A kept sentence in the reader's language, its amounts, days and words included."""
    return str(_(sentence.template, **_localised(sentence.values)))


def _localised(values: Mapping[str, object]) -> dict[str, object]:
    return {name: _written(value) for name, value in values.items()}


def _written(value: object) -> object:
    if isinstance(value, Cents):
        return _cents(value)
    if isinstance(value, Rate):
        return decimal(value / 100)
    if isinstance(value, Word):
        return str(_(value))
    if isinstance(value, Sentence):
        return told(value)
    if isinstance(value, Decimal):
        return format_decimal(value, "#,##0.######", locale=get_locale())
    return plain_day(value) if isinstance(value, date) else value


def _cents(value: int) -> str:
    return _amount(value, str(get_locale()))


@lru_cache(maxsize=4096)  # a run writes the same prices thousands of times
def _amount(value: int, locale: str) -> str:
    return format_currency(value / 100, "EUR", locale=locale).replace("-", "\u2212")


def eur(value: int | None) -> str:
    """Integer cents as an amount: 123450 -> « 1 234,50 € »."""
    return "" if value is None else _cents(value)


def day(value: date | None) -> str | Markup:
    """A Paris day: <time> with a short text."""
    if value is None:
        return ""
    text = format_date(value, "d MMM y")
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), text)


def plain_day(value: date | None) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_date(value, "d MMMM y")
    return _day_in_full(value, str(get_locale()))


@lru_cache(maxsize=4096)
def _day_in_full(value: date, locale: str) -> str:
    return babel_date(value, "d MMMM y", locale=locale)


def plain(value: Any) -> str:
    """A contract fact as text: dates in full, everything else as it stands."""
    return plain_day(value) if isinstance(value, date) else str(value)


def month_name(value: date) -> str:
    """The month of a day: « novembre 2026 »."""
    return format_date(value, "LLLL y")


def percent(value: float) -> str:
    """A share of one, with one decimal: 0.042 -> « 4,2 % »."""
    return format_percent(value, "#,##0.0 %" if str(get_locale()).startswith("fr") else "#,##0.0%")


def instant_day(value: datetime | None) -> str | Markup:
    """The Paris day of an aware instant."""
    return "" if value is None else day(paris_day(value))


def instant(value: datetime | None) -> str | Markup:
    """An aware instant, shown in Paris time."""
    if value is None:
        return ""
    text = format_datetime(value, "d MMM y, HH:mm")
    full = format_datetime(value, "d MMMM y HH:mm:ss zzzz")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), full, text)


def short_instant(value: datetime | None) -> str | Markup:
    """An aware instant where room is scarce: day and hour in Paris, the year in the tooltip."""
    if value is None:
        return ""
    text, full = format_datetime(value, "d MMM, HH:mm"), format_datetime(value, "d MMMM y HH:mm:ss zzzz")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), full, text)


def time_ago(value: datetime, now: datetime) -> Markup:
    """How long before ``now``: hours for two days, then days; the instant itself in the tooltip."""
    hours = max(int((now - value).total_seconds()) // 3600, 0)
    text = _("il y a %(n)d h", n=hours) if hours < 48 else _("il y a %(n)d j", n=hours // 24)
    full = format_datetime(value, "d MMMM y HH:mm:ss zzzz")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), full, text)


def duration(value: timedelta) -> str:
    """How long something took: « 2 h 05 », « 12 min », « 40 s »."""
    seconds = int(value.total_seconds())
    if seconds < 60:
        return _("%(n)d s", n=seconds)
    minutes = seconds // 60
    if minutes < 60:
        return _("%(n)d min", n=minutes)
    return _("%(h)d h %(m)s", h=minutes // 60, m=f"{minutes % 60:02d}")


def decimal(value: float) -> str:
    """A number with at most two decimals."""
    return _decimal(value, str(get_locale()))


@lru_cache(maxsize=1024)
def _decimal(value: float, locale: str) -> str:
    return format_decimal(round(value, 2), locale=locale)


def plain_instant(value: datetime | None) -> str:
    """An aware instant in Paris time, for a text without mark-up."""
    return "" if value is None else format_datetime(value, "d MMMM y, HH:mm")


def number(value: int | None) -> str:
    """An integer in groups of three digits."""
    return "" if value is None else format_decimal(value, locale=get_locale())


def counted(value: Any) -> str:
    """A number, or « plus de 1 000 » for a :class:`portal.paging.Count` that stopped there."""
    return _("plus de %(n)s", n=number(value)) if getattr(value, "is_more", False) else str(int(value))


def size(value: int | None) -> str:
    """Bytes with a decimal unit."""
    if value is None:
        return ""
    number, units = float(value), [_("o"), _("ko"), _("Mo"), _("Go"), _("To")]
    for unit in units:
        if number < 1000 or unit == units[-1]:
            break
        number /= 1000
    return f"{format_decimal(round(number, 1), locale=get_locale())}\u202f{unit}"


def siren(value: str | None) -> str:
    """Nine digits in groups of three."""
    value = value or ""
    return "\u202f".join(value[i : i + 3] for i in range(0, len(value), 3))


# Signs that turn the direction of a text, and others that nobody sees: a program whose name
# ends in "gnp.exe" would be shown as a picture.
_UNSEEN = re.compile("[\\x00-\\x1f\\x7f\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]")


def true_name(value: str) -> Markup:
    """A name that somebody else chose, such as a file's, as it really reads: the unseen is marked."""
    return Markup("<bdi>{}</bdi>").format(_UNSEEN.sub("\ufffd", value))


def lines(value: str) -> Markup:
    return Markup("<br>").join(escape(value).split("\n"))


def init_app(app: Flask) -> None:
    Languages(app, locale_selector=choose_language)
    filters: list[Any] = [
        said,
        told,
        eur,
        day,
        plain,
        plain_day,
        translated,
        instant,
        instant_day,
        month_name,
        percent,
        plain_instant,
        short_instant,
        time_ago,
        duration,
        decimal,
        number,
        counted,
        size,
        siren,
        lines,
        true_name,
    ]
    for function in filters:
        app.add_template_filter(function)
    app.jinja_env.globals.update(languages=LANGUAGES, get_locale=get_locale)
