"""Whatever is asked, the answer is whole or a sentence: every entry has its clause, no amount is negative."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.answers.outcome import as_json
from portal.errors import Refused
from portal.simulator.question import (
    CUSTOMERS,
    EVENTS,
    PLANS,
    REVERSIBILITY_REASONS,
    TERMINATE_REASONS,
    parse_case,
)
from portal.simulator.run import simulate

DAY = st.dates(date(2024, 1, 1), date(2028, 3, 1)).map(date.isoformat)
CENTS = st.integers(0, 10**7)
PERCENT = st.decimals(90, 100, places=2)
FIELDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "terminate": (
        {},
        {"by": st.sampled_from(["customer", "provider"]), "reason": st.sampled_from(TERMINATE_REASONS)},
    ),
    "formal_notice": ({}, {"received_on": DAY}),
    "late_payment": ({"due_on": DAY, "paid_on": DAY, "amount_cents": CENTS}, {}),
    "reversibility_request": ({}, {"reason": st.sampled_from(REVERSIBILITY_REASONS)}),
    "price_change": ({"effective_on": DAY}, {}),
    "sla_measure": (
        {
            "service": st.sampled_from(["load_balancer", "access"]),
            "measured_percent": PERCENT,
            "mean_month_cents": CENTS,
            "invoice_cents": CENTS,
        },
        {"promised_percent": PERCENT},
    ),
    "usage": ({"metered_average": st.integers(0, 10**4), "unit_price_micros": CENTS}, {}),
    "force_majeure": ({}, {"ended_on": DAY}),
    "withdraw": ({}, {"activated": st.booleans()}),
    "breach": ({}, {"severity": st.sampled_from(["warning", "immediate"])}),
    "inactivity": ({"last_use_on": DAY}, {}),
    "incident": (
        {"severity": st.integers(1, 3), "opened_at": DAY.map("{}T03:30".format)},
        {"waiting_minutes": st.integers(0, 5000)},
    ),
    "claim": ({"kind": st.sampled_from(["conformity", "malfunction"]), "known_on": DAY}, {}),
    "restore_request": ({"kind": st.sampled_from(["simple", "complex"]), "cause": st.just("deleted")}, {}),
}
EVENT = st.one_of(
    *(
        st.fixed_dictionaries({"on": DAY, "what": st.just(what), **required}, optional=optional)
        for what, (required, optional) in FIELDS.items()
    )
)
CASE = st.fixed_dictionaries(
    {
        "contract": st.sampled_from(["natso", "dropcloud", "dobaas", "numspot"]),
        "customer": st.sampled_from(CUSTOMERS),
        "plan": st.sampled_from(PLANS),
        "started_on": DAY,
        "monthly_fee_cents": CENTS,
        "events": st.lists(EVENT, max_size=3),
    },
    optional={"paid_through": DAY, "as_of": DAY},
)


def test_every_event_is_asked() -> None:
    assert set(FIELDS) == set(EVENTS)


@settings(max_examples=400)
@given(CASE)
def test_an_answer_is_whole_or_refused_with_a_sentence(raw: dict[str, Any]) -> None:
    try:
        answer = as_json(simulate(parse_case(raw)))
    except Refused as refusal:
        assert refusal.message and "%(" not in refusal.message
        return
    for entry in [*answer["calendar"], *answer["amounts"]]:
        assert entry["clause"]
    assert all(type(each["cents"]) is int and each["cents"] >= 0 for each in answer["amounts"])
    assert all("%(" not in each["working"] for each in answer["amounts"])
    assert [each["on"] for each in answer["calendar"]] == sorted(each["on"] for each in answer["calendar"])
