"""Questions that cannot be asked are refused with a sentence that names the field."""

from typing import Any

import pytest

from portal.answers.case import CaseError
from portal.simulator.question import parse_case
from tests.simulator.asking import ask

GOOD: dict[str, Any] = {
    "contract": "natso",
    "customer": "business",
    "plan": "annual",
    "started_on": "2026-01-15",
    "monthly_fee_cents": 2_000,
}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ({"colour": "blue"}, "« colour »"),
        ({"contract": "acme"}, "natso, dropcloud, dobaas, numspot"),
        ({"customer": "martian"}, "consumer"),
        ({"plan": "36_months"}, "monthly, annual"),
        ({"started_on": "2026-02-29"}, "« started_on »"),
        ({"started_on": 20260115}, "« started_on »"),
        ({"monthly_fee_cents": -1}, "« monthly_fee_cents »"),
        ({"monthly_fee_cents": True}, "« monthly_fee_cents »"),
        ({"monthly_fee_cents": "20"}, "« monthly_fee_cents »"),
        ({"contract": "numspot", "customer": "consumer"}, "003-02"),
        ({"events": {}}, "« events »"),
        ({"events": ["x"]}, "events\\[1\\]"),
        ({"events": [{"what": "terminate"}]}, "« on »"),
        ({"events": [{"on": "2026-03-01", "what": "explode"}]}, "terminate, formal_notice"),
        ({"events": [{"on": "2026-03-01", "what": "terminate", "why": 1}]}, "« why »"),
        ({"events": [{"on": "2026-01-14", "what": "terminate"}]}, "précède le début"),
        ({"events": [{"on": "2026-03-01", "what": "terminate", "received_on": "2026-02-28"}]}, "received_on"),
        ({"events": [{"on": "2026-03-01", "what": "price_change"}]}, "effective_on"),
        ({"events": [{"on": "2026-03-01", "what": "breach", "severity": 1}]}, "warning, immediate"),
        ({"events": [{"on": "2026-03-01", "what": "withdraw", "activated": 1}]}, "activated"),
        ({"events": [{"on": "2026-03-01", "what": "force_majeure", "ended_on": "2026-02-01"}]}, "ended_on"),
        ({"events": [{"on": "2026-03-01", "what": "incident", "severity": 4, "opened_at": "x"}]}, "severity"),
        ({"events": [{"on": "2026-03-01", "what": "inactivity", "last_use_on": "x"}]}, "last_use_on"),
        (
            {
                "events": [
                    {
                        "on": "2026-03-01",
                        "what": "incident",
                        "severity": 1,
                        "opened_at": "2026-03-01T10:00",
                        "answered_at": "2026-03-01T09:00",
                    }
                ]
            },
            "answered_at",
        ),
        (
            {
                "events": [
                    {
                        "on": "2026-03-01",
                        "what": "sla_measure",
                        "service": " ",
                        "measured_percent": 101,
                        "mean_month_cents": 1,
                        "invoice_cents": 1,
                    }
                ]
            },
            "service",
        ),
        (
            {
                "events": [
                    {
                        "on": "2026-03-01",
                        "what": "sla_measure",
                        "service": "x",
                        "measured_percent": 101,
                        "mean_month_cents": 1,
                        "invoice_cents": 1,
                    }
                ]
            },
            "100 %",
        ),
    ],
)
def test_a_faulty_question_is_refused(fault: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CaseError, match=sentence):
        parse_case({**GOOD, **fault})


@pytest.mark.parametrize("missing", ["contract", "customer", "plan", "started_on"])
def test_a_missing_field_is_named(missing: str) -> None:
    with pytest.raises(CaseError, match=f"« {missing} »"):
        parse_case({name: value for name, value in GOOD.items() if name != missing})


def test_a_question_is_an_object() -> None:
    with pytest.raises(CaseError, match="objet JSON"):
        parse_case([])


def test_what_is_left_out_has_a_plain_meaning() -> None:
    answer = ask("natso", {"on": "2026-03-01", "what": "terminate"})
    assert answer["status"] == "notice_given", "as of the last event"
    assert parse_case({**GOOD, "events": None or []}).monthly_fee_cents == 2_000
