"""What ``flask terms simulate`` says of the same case, against what the mails, papers and machines told.

Act and simulator ask one engine, so that only :mod:`life.judge.hand` sees a fault in the engine itself.
"""

import json
import re
from datetime import date, timedelta
from typing import Any

from life.client import Client
from life.evidence import Evidence, days_in
from life.judge.findings import Breach, Found
from life.provider import NAMES
from portal.answers.outcome import as_json
from portal.simulator.question import parse_case
from portal.simulator.run import simulate

People = dict[str, Client]
_REMINDER = re.compile(r"Reconduction le (.*) : refus possible jusqu'au (.*)")


def asked(
    evidence: Evidence,
    client: Client,
    *events: dict[str, Any],
    as_of: date,
    reminded: list[str] | None = None,
) -> dict[str, str]:
    """Days by their names, of the contract as she and the papers know it; {} where none has begun."""
    begun = evidence.started(client)
    if begun is None:
        return {}
    offer = NAMES[client.offer]
    case = {
        "contract": offer.terms,
        "customer": client.kind,
        "plan": "on_demand" if client.terms == "numspot" else offer.plan,
        "started_on": str(begun),
        "monthly_fee_cents": offer.cents * client.quantity // offer.months,
        "events": list(events),
        "as_of": str(as_of),
    }
    if reminded is not None:
        case["reminded_on"] = reminded
    answer = json.loads(json.dumps(as_json(simulate(parse_case(case, []))), default=str))
    return {each["what"]: each["on"] for each in answer["calendar"]}


def notices_end_on_their_day(evidence: Evidence, people: People) -> Found:
    """The answer to her notice names the end; a licence does not outlive it."""
    for client in evidence.clients:
        for fact in client.told("notice"):
            reminded = [
                str(each.on) for each in evidence.letters(client, "Reconduction le ") if each.on < fact.on
            ]
            event = {"on": str(fact.on), "what": "terminate", "reason": fact.more["reason"]}
            if not fact.more["early"] and client.terms != "numspot":
                event["at_term"] = True
            days = asked(evidence, client, event, as_of=fact.on, reminded=reminded)
            end = days.get("contract_ends") or days.get("end_at_term")
            letters = [
                each for each in evidence.letters(client, "Résiliation enregistrée") if each.on == fact.on
            ]
            if end is None or not letters:
                yield Breach(fact.on, client.name, "TRM", f"an end, {end}", f"{len(letters)} letters")
                continue
            named = days_in(letters[0].text)
            if date.fromisoformat(end) not in named:
                yield Breach(
                    fact.on,
                    client.name,
                    "TRM",
                    f"ends on {end}",
                    f"the letter names {[str(d) for d in named]}",
                )


def reminders_keep_to_their_window(evidence: Evidence, people: People) -> Found:
    """Renewal and last day for a notice, as the mail says them; where the law wants one, in its window."""
    for client in evidence.clients:
        for letter in evidence.letters(client, "Reconduction le "):
            renews, last = days_in(letter.subject)[:2]
            days = asked(evidence, client, as_of=letter.on)
            if days.get("renewal") != str(renews) or days.get("last_notice_day") != str(last):
                said = f"renews {days.get('renewal')}, until {days.get('last_notice_day')}"
                yield Breach(letter.on, client.name, "TRM", said, letter.subject)
            opens, closes = days.get("reminder_opens"), days.get("reminder_closes")
            if opens and closes and not opens <= str(letter.on) <= closes:
                yield Breach(letter.on, client.name, "L2", f"between {opens} and {closes}", f"on {letter.on}")


def nobody_is_billed_after_the_end(evidence: Evidence, people: People) -> Found:
    for client in evidence.clients:
        for fact in client.told("notice"):
            letters = [
                each for each in evidence.letters(client, "Résiliation enregistrée") if each.on >= fact.on
            ]
            ends = [day for each in letters[:1] for day in days_in(each.text) if day > fact.on]
            if not ends:
                continue
            after = max(ends) + timedelta(days=45)  # in arrears, and the run of the next month
            for paper in evidence.of(client, "invoice"):
                if paper.on > after:
                    yield Breach(paper.on, client.name, "TRM", f"nothing after {max(ends)}", paper.number)


ALL = (notices_end_on_their_day, reminders_keep_to_their_window, nobody_is_billed_after_the_end)
