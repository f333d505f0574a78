"""How an answer is written."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

from marshmallow import Schema, fields

from portal.customers.models import ContactRole
from portal.partners.fields import Instant, Money, Outgoing, money


class Line(Outgoing):
    label = fields.String(allow_none=True)
    net = fields.Nested(Money)


class Whole(Outgoing):
    role = fields.String()
    number = fields.Integer()
    day = fields.Date()
    at = Instant(allow_none=True)
    is_paid = fields.Boolean()
    words = fields.List(fields.String())
    lines = fields.List(fields.Nested(Line))
    more = fields.Nested(Line, many=True)
    left_out = fields.String()


def test_an_answer_is_written_as_the_library_writes_it() -> None:
    line = SimpleNamespace(label=None, net=money(250))
    values = {
        "role": ContactRole.BILLING,
        "number": True,
        "day": date(2026, 11, 30),
        "at": datetime(2026, 11, 30, 12, tzinfo=UTC),
        "is_paid": False,
        "words": ["a", ContactRole.INCIDENT],
        "lines": [line, {"label": "b", "net": None}],
        "more": [{"label": "c"}],
        "unknown": 1,
    }
    written = Whole().dump(values)
    assert written == Schema.dump(Whole(), values)
    assert written["at"] == "2026-11-30T12:00:00Z" and "left_out" not in written and "unknown" not in written
    assert written["lines"] == [
        {"label": None, "net": {"cents": 250, "currency": "EUR"}},
        {"label": "b", "net": None},
    ]
    assert Whole(many=True).dump([{"at": None}]) == Schema.dump(Whole(many=True), [{"at": None}])
