"""What was worked out by hand (hand.toml), against what is seen; no rule of the portal takes part.

Act and simulator share one engine: only this sees a fault in it.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from life.client import Client
from life.evidence import Evidence, days_in, euros
from life.judge.findings import Breach, Found, Sighting

_TABLE = Path(__file__).with_name("hand.toml")


def state(evidence: Evidence, client: Client, on: str, number: int = 1) -> str:
    """What her machine was told that day, or the other one of its number."""
    facts = (fact for fact in client.told("licence") if fact.more["number"] == number)
    return next((fact.more["state"] for fact in facts if str(fact.on) == on), "not asked")


def comes(evidence: Evidence, client: Client, subject: str) -> str:
    """The day of the first letter about this."""
    return next((str(letter.on) for letter in evidence.letters(client, subject)), "never")


def names(evidence: Evidence, client: Client, subject: str, day: str) -> str:
    """That day, where the first letter about this names it; else all the days that it names."""
    letters = evidence.letters(client, subject)
    named = [str(each) for each in days_in(letters[0].text)] if letters else ["no letter"]
    return day if day in named else " ".join(named)


def amount(evidence: Evidence, client: Client, kind: str) -> str:
    """What her first paper of a kind asks for, or gives back."""
    return next((euros(paper.cents) for paper in evidence.of(client, kind)), "no paper")


def billed(evidence: Evidence, client: Client, until: str) -> str:
    """What all her invoices of that time ask for, less what credit notes took back."""
    asked = sum(each.cents for each in evidence.of(client, "invoice") if str(each.on) <= until)
    return euros(asked - sum(each.cents for each in evidence.of(client, "credit") if str(each.on) <= until))


def stands(evidence: Evidence, client: Client, words: str) -> str:
    """On one of her invoices."""
    return words if any(words in each.text for each in evidence.of(client, "invoice")) else "on no invoice"


def debited(evidence: Evidence, client: Client, number: str) -> str:
    """The day of her so many-eth debit at the bank, from nought."""
    days = sorted(each.day for each in evidence.debits(client))
    return str(days[int(number)]) if len(days) > int(number) else "never"


def key_comes(evidence: Evidence, client: Client) -> str:
    """The day of the first mail with a key of hers."""
    days = [each.on for each in client.letters() if any(key in each.text for key in client.keys)]
    return str(min(days)) if days else "never"


def given_back(evidence: Evidence, client: Client, until: str) -> str:
    """By the bank, in all."""
    moved = [each for each in evidence.bookings(client) if each.what == "refund" and str(each.on) <= until]
    return euros(-sum(each.cents for each in moved))


def within(evidence: Evidence, client: Client, subject: str, day: str) -> str:
    """That day, where the first letter about this has come by then; else the day of its coming."""
    came = comes(evidence, client, subject)
    return day if came <= day else came


def did(evidence: Evidence, client: Client, what: str) -> str:
    """The day on which she first noted this."""
    return next((str(fact.on) for fact in client.told(what)), "never")


def erasure(evidence: Evidence, client: Client, on: str) -> str:
    """What the page answered that day to who ordered her data erased: ordered, or refused."""
    return next((fact.more["said"] for fact in client.told("erasure") if str(fact.on) == on), "not tried")


def equal(evidence: Evidence, client: Client, what: str) -> str:
    """How many of her files are in what she was handed, each as she had sent it: ``3 of 3``."""
    sent, given = evidence.sent(client), evidence.given(client, what)
    return f"{len(sent & given)} of {len(sent)}" if given <= sent else "others beside hers"


def on_disk(evidence: Evidence, client: Client, on: str) -> str:
    """Whether her vault held something when somebody looked that day, after the act of the day."""
    seen = [fact.more["kept"] for fact in client.told("disk") if str(fact.on) == on]
    return ("whole" if seen[-1] else "gone") if seen else "nobody looked"


LOOKS: dict[str, Callable[..., str]] = {
    "state": state,
    "comes": comes,
    "names": names,
    "amount": amount,
    "billed": billed,
    "stands": stands,
    "debited": debited,
    "key comes": key_comes,
    "given back": given_back,
    "within": within,
    "did": did,
    "erasure": erasure,
    "equal": equal,
    "on disk": on_disk,
}


def lines() -> list[dict[str, Any]]:
    with _TABLE.open("rb") as file:
        table: list[dict[str, Any]] = tomllib.load(file)["line"]
    return table


def ask(evidence: Evidence, people: dict[str, Client]) -> Found:
    for line in lines():
        client, on = people.get(line["who"]), line["on"]
        if client is None or on > evidence.last:
            continue
        word, *more = line["look"]
        happened = LOOKS[word](evidence, client, *more) if client.uid else "she never came"
        if happened != line["said"]:
            said = f"{line['said']} ({line['working']})"
            yield Breach(on, client.name, line["clause"], said, happened)
        else:
            yield Sighting(on, line["clause"])
