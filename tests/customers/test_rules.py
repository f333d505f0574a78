"""Who may buy what, breaches, sub-processors and certificates: the articles and their borders."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.customers.rules import (
    Certificate,
    breach_notice_due_at,
    certificate_alert_days,
    check_buyer,
    check_hds_sale,
    check_health_data,
    check_reseller,
    check_subprocessor_change,
    forward_subject_request,
    is_certificate_valid,
    late_channels,
    missing_blocks,
)
from portal.errors import Refused

KNOWN = datetime(2026, 10, 24, 10, tzinfo=UTC)  # a Saturday; the next day has 25 hours in Paris
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
V1 = Certificate("HDS", "84978", 1, date(2022, 12, 4), date(2025, 12, 3))
LONG_V1 = Certificate("HDS", "v1", 1, date(2025, 1, 1), date(2027, 12, 31))
V2 = Certificate("HDS", "v2", 2, date(2026, 3, 1), date(2029, 2, 28))
ISO = Certificate("ISO 27001", "84977", 2, date(2019, 12, 4), date(2039, 12, 3))


def test_003_02_consumers_are_not_eligible() -> None:
    check_buyer(is_consumer=False, businesses_only=True, clause="003-02")
    check_buyer(is_consumer=True, businesses_only=False, clause="003-02")
    with pytest.raises(Refused, match=r"particuliers \(003-02\)") as refusal:
        check_buyer(is_consumer=True, businesses_only=True, clause="003-02")
    assert refusal.value.field == "product"


def test_001_06_health_data_need_a_certified_offer() -> None:
    check_health_data(stores_health_data=False, allowed=False, clause="001-06")
    check_health_data(stores_health_data=True, allowed=True, clause="001-06")
    with pytest.raises(Refused, match=r"données de santé \(001-06\)") as refusal:
        check_health_data(stores_health_data=True, allowed=False, clause="001-06")
    assert refusal.value.field == "product"


def test_001_32_000_47_a_reseller_has_signed_its_contract() -> None:
    signed = date(2026, 11, 21)
    check_reseller(signed, signed)
    check_reseller(signed, signed + timedelta(days=1))
    for missing in (None, signed):
        with pytest.raises(Refused, match="contrat de revendeur signé"):
            check_reseller(missing, signed - timedelta(days=1))


def test_001_39_003_57_a_request_is_passed_on_at_once() -> None:
    forwarding = forward_subject_request(KNOWN, " dpo@client.example ")
    assert (forwarding.email, forwarding.due_at) == ("dpo@client.example", KNOWN)
    with pytest.raises(Refused, match="adresse e-mail"):
        forward_subject_request(KNOWN, " ")


def test_001_40_003_58_a_breach_is_told_within_48_hours_by_the_clock() -> None:
    assert breach_notice_due_at(KNOWN, 48) == datetime(2026, 10, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("channels", "told_at", "late"),
    [
        (["email", "phone"], {"email": KNOWN + 48 * HOUR, "phone": KNOWN + HOUR}, []),
        (["email", "phone"], {"email": KNOWN + HOUR}, ["phone"]),
        (["email", "phone"], {}, ["email", "phone"]),
        (["email", "phone"], {"email": KNOWN + 48 * HOUR + SECOND, "phone": KNOWN}, ["email"]),
        (["email"], {"email": KNOWN + 48 * HOUR}, []),
        (["email"], {"phone": KNOWN}, ["email"]),
    ],
)
def test_001_40_003_58_each_channel_of_the_contract_is_used_in_time(
    channels: list[str], told_at: dict[str, datetime], late: list[str]
) -> None:
    assert late_channels(channels, told_at, KNOWN, 48) == late


def test_001_41_a_notice_has_four_blocks() -> None:
    full = {"nature": "vol", "contact": "dpo", "consequences": "lecture", "measures": "clés changées"}
    assert missing_blocks([full]) == []
    for block in full:
        assert missing_blocks([full | {block: "  "}]) == [block]
    assert missing_blocks([]) == ["nature", "contact", "consequences", "measures"]


def test_003_58_the_blocks_may_come_one_after_the_other() -> None:
    first, second = {"nature": "vol", "contact": "dpo"}, {"consequences": "lecture"}
    assert missing_blocks([first]) == ["consequences", "measures"]
    assert missing_blocks([first, second]) == ["measures"]
    assert missing_blocks([first, second, {"measures": "clés changées", "nature": "vol"}]) == []


def test_003_56_001_19_a_sub_processor_is_announced_before() -> None:
    effective = date(2026, 12, 1)
    check_subprocessor_change(date(2026, 11, 30), effective, ["Hébergeur A"])
    for told_on in (None, effective, date(2026, 12, 2)):
        with pytest.raises(Refused, match="avant d'avoir lieu"):
            check_subprocessor_change(told_on, effective, ["Hébergeur A"])
    for names in ([], [" "]):
        with pytest.raises(Refused, match="liste des sous-traitants"):
            check_subprocessor_change(date(2026, 11, 30), effective, names)


def test_001_01_002_22_a_certificate_is_valid_on_its_first_and_last_days() -> None:
    days = [date(2022, 12, 3), date(2022, 12, 4), date(2025, 12, 3), date(2025, 12, 4)]
    assert [is_certificate_valid(V1, day) for day in days] == [False, True, True, False]


def test_001_01_002_22_its_end_is_announced_90_and_30_days_before() -> None:
    assert certificate_alert_days(V1, [30, 90, 30]) == [date(2025, 9, 4), date(2025, 11, 3)]


@given(st.lists(st.integers(0, 400)))
def test_001_01_002_22_an_alert_never_comes_after_the_end(days_before: list[int]) -> None:
    alerts = certificate_alert_days(V1, days_before)
    assert alerts == sorted(set(alerts))
    assert all((V1.valid_through - day).days in days_before for day in alerts)


def test_001_01_002_22_no_hds_sale_without_a_valid_certificate() -> None:
    check_hds_sale([V1], date(2025, 12, 3), written_on_order=True, clause="002-22")
    with pytest.raises(Refused, match="Aucun certificat HDS"):
        check_hds_sale([V1, ISO], date(2025, 12, 4), written_on_order=True, clause="002-22")
    with pytest.raises(Refused, match="Aucun certificat HDS"):
        check_hds_sale([], date(2026, 11, 21), written_on_order=True, clause="002-22")


def test_002_22_l10_since_16_may_2026_the_second_referential_is_needed() -> None:
    check_hds_sale([LONG_V1], date(2026, 5, 15), written_on_order=True, clause="002-22")
    with pytest.raises(Refused, match="version 2"):
        check_hds_sale([LONG_V1], date(2026, 5, 16), written_on_order=True, clause="002-22")
    check_hds_sale([LONG_V1, V2], date(2026, 5, 16), written_on_order=True, clause="002-22")


def test_002_22_hds_is_written_on_the_signed_order() -> None:
    with pytest.raises(Refused, match="écrit sur le bon de commande"):
        check_hds_sale([V2], date(2026, 11, 21), written_on_order=False, clause="002-22")
