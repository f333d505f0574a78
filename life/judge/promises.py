"""What holds for everybody: no surprise at the bank, nothing at somebody else's, nothing stuck."""

import re
from collections import Counter
from datetime import date, timedelta

from life.client import Client
from life.evidence import Evidence, cents_in, days_in
from life.judge.findings import Breach, Found, Sighting

People = dict[str, Client]
_CALLED = timedelta(days=14)  # between the last call and the erasure that it speaks of
_ANNOUNCED = timedelta(days=14)  # SEPA rulebook: unless another delay was agreed


def debits_are_announced(evidence: Evidence, people: People) -> Found:
    """Amount and day, at least fourteen days before."""
    for client in evidence.clients:
        told = [
            (letter.on, days_in(letter.subject)[-1], cents_in(letter.subject))
            for letter in evidence.letters(client, "Prélèvement de ")
        ]
        for debit in evidence.debits(client):
            right = [on for on, day, cents in told if (day, cents) == (debit.day, debit.cents)]
            if not right:
                yield Breach(
                    debit.day, client.name, "SEPA", "announced", f"debit of {debit.cents} was not announced"
                )
            elif debit.day - min(right) < _ANNOUNCED:
                yield Breach(debit.day, client.name, "SEPA", "14 days before", f"announced on {min(right)}")


def called_off_is_not_debited(evidence: Evidence, people: People) -> Found:
    for client in evidence.clients:
        for letter in evidence.letters(client, "Prélèvement du "):
            if "annulé" not in letter.subject:
                continue
            day = days_in(letter.subject)[0]
            if any(each.day == day and letter.on < day for each in evidence.debits(client)):
                yield Breach(day, client.name, "SEPA", "called off", "was debited all the same")


def no_key_before_payment(evidence: Evidence, people: People) -> Found:
    """Source: 000-10, 000-18."""
    for client in evidence.clients:
        first = next(
            (each.on for each in client.letters() if any(key in each.text for key in client.keys)), None
        )
        if not client.keys or first is None:
            continue
        paid = [each.on for each in evidence.bookings(client) if each.cents > 0 and each.what == "wire"]
        signed = [each.on for each in client.told("signed")]
        if not any(day <= first for day in paid + signed):
            yield Breach(first, client.name, "000-10", "a key after payment or mandate", "a key before both")
        else:
            yield Sighting(first, "000-10")


def papers_are_hers(evidence: Evidence, people: People) -> Found:
    """Every attached paper names its recipient, and nobody else of this life."""
    names = {each.name for each in evidence.clients}
    for client in evidence.clients:
        for letter, content in evidence.attached(client):
            said = " ".join(evidence.words(content).split())
            if client.name not in said:
                yield Breach(
                    letter.on, client.name, "RGPD", "her own paper", f"« {letter.subject} » does not name her"
                )
            others = [each for each in names - {client.name} if each in said and each not in client.name]
            if others:
                yield Breach(letter.on, client.name, "RGPD", "her own paper", f"names {others}")


def letters_come_once(evidence: Evidence, people: People) -> Found:
    for client in evidence.clients:
        seen = Counter((each.on, each.to, each.subject, each.text) for each in client.letters())
        for (on, to, subject, _text), times in seen.items():
            if times > 1:
                yield Breach(on, client.name, "mail", "once", f"« {subject} » came {times} times to {to}")


_WHO = {  # beginning of a subject: the contact whom it is for (clauses.md, part C)
    "Conditions à accepter": "direction",
    "À signer": "direction",
    "Résiliation enregistrée": "direction",
    "Mise en demeure": "direction",
    "Service suspendu": "direction",
    "Commandes bloquées": "direction",
    "Votre facture": "compta",
    "Votre avoir": "compta",
    "Paiement reçu": "compta",
    "Prélèvement": "compta",
    "Rappel": "compta",
    "Second rappel": "compta",
}


def _for(client: Client, subject: str) -> str | None:
    """Which of her contacts a letter with this subject is for; None where either may get it."""
    if "ù vous rembourser" in subject:  # a consumer has signed herself; others pay where they are billed
        return "direction" if client.kind == "consumer" else "compta"
    return next((role for words, role in _WHO.items() if subject.startswith(words)), None)


def letters_reach_their_contact(evidence: Evidence, people: People) -> Found:
    """What binds goes to who signs, what is to be paid to who pays."""
    for client in evidence.clients:
        for letter in client.letters():
            role = _for(client, letter.subject)
            if role and letter.to != client.email(role):
                yield Breach(
                    letter.on, client.name, "mail", f"to {role}", f"« {letter.subject} » to {letter.to}"
                )


def numbers_have_no_gap(evidence: Evidence, people: People) -> Found:
    """Each series counts from one without a gap, no number is on two papers (CGI ann. II 242 nonies A)."""
    found: dict[str, dict[int, str]] = {}
    for client in evidence.clients:
        for kind in ("invoice", "credit"):
            for paper in evidence.of(client, kind):
                series, number = paper.number[:7], int(paper.number[8:])
                other = found.setdefault(series, {}).setdefault(number, client.name)
                if other != client.name:
                    yield Breach(
                        paper.on, client.name, "CGI", "one number once", f"{paper.number} is {other}'s too"
                    )
    for series, numbers in found.items():
        for missing in sorted(set(range(1, max(numbers) + 1)) - set(numbers)):
            yield Breach(evidence.last, "all", "CGI", "no gap", f"{series}-{missing:06d} came to nobody")


def nothing_is_stuck(evidence: Evidence, people: People) -> Found:
    page = evidence.world.provider.operator.visit("/work")
    failed = re.search(r"<b>(\d+)</b><span>tâches en échec", page)
    if failed is None or int(failed[1]):
        yield Breach(
            evidence.last, "provider", "work", "no task failed", failed[0] if failed else "no figure"
        )


def everybody_could_act(evidence: Evidence, people: People) -> Found:
    """What somebody wanted to do and could not."""
    for on, who, what in evidence.world.troubles:
        yield Breach(on, who, "act", "can be done", what)


def machines_live_as_long_as_paid(evidence: Evidence, people: People) -> Found:
    """A licence that was never paid nor covered by a mandate is never valid. Source: 000-10, 000-56."""
    for client in evidence.clients:
        money = [each.on for each in evidence.bookings(client) if each.cents > 0]
        covered = [each.on for each in client.told("signed")]
        for fact in client.told("licence"):
            if fact.more["state"] in {"VALID", "GRACE"} and not any(
                day <= fact.on for day in money + covered
            ):
                yield Breach(fact.on, client.name, "000-10", "no licence unpaid", fact.more["state"])


_ERASED, _RETURNED = "Vos données sont effacées", "Vos données vous ont été rendues"
_LAST_CALL = "Dernier appel : vos données seront effacées"


def nobody_holds_another_ones_file(evidence: Evidence, people: People) -> Found:
    """Whatever was restored or handed over was hers, and is as she had sent it."""
    for client in evidence.clients:
        hers = evidence.sent(client)
        for fact in (*client.told("restored"), *client.told("copy")):
            if strange := fact.more["files"] - hers:
                others = [each.name for each in evidence.clients if strange & evidence.sent(each)]
                said = f"{len(strange)} files that she never sent, of {others or 'nobody'}"
                yield Breach(fact.on, client.name, "RGPD", "her own files", said)


def nothing_is_erased_while_held(evidence: Evidence, people: People) -> Found:
    """A certificate of erasure comes after the data was returned, or fourteen days after a last call."""
    for client in evidence.clients:
        for letter in evidence.letters(client, _ERASED):
            returned = [each.on for each in evidence.letters(client, _RETURNED) if each.on <= letter.on]
            called = [each.on for each in evidence.letters(client, _LAST_CALL)]
            if not returned and not any(day + _CALLED <= letter.on for day in called):
                yield Breach(letter.on, client.name, "DEL", "held", "erased before anybody was asked")


def vaults_lose_nothing(evidence: Evidence, people: People) -> Found:
    """What lay in a vault lies there until its certificate, whatever is owed or suspended; then nothing.

    Looked at on the disk, and at the end opened by restic with the passphrase of its owner.
    """
    for client in evidence.clients:
        erased = min((each.on for each in evidence.letters(client, _ERASED)), default=date.max)
        before: dict[str, str] = {}
        for fact in client.told("disk"):
            kept = fact.more["kept"]
            if fact.on < erased and not before.items() <= kept.items():
                lost = sorted(name for name in before if before[name] != kept.get(name))
                yield Breach(fact.on, client.name, "DEL", "nothing deleted", f"gone: {lost[:4]}")
            before = kept
        safe = evidence.world.safes.get(client.serial)
        if safe is None or not client.told("vault"):
            continue
        readable = safe.is_readable()
        if readable != (erased == date.max):
            happened = "it can be read" if readable else "it cannot be read"
            yield Breach(evidence.last, client.name, "DEL", "there until its certificate", happened)


ALL = (
    debits_are_announced,
    called_off_is_not_debited,
    no_key_before_payment,
    papers_are_hers,
    letters_come_once,
    letters_reach_their_contact,
    numbers_have_no_gap,
    nothing_is_stuck,
    everybody_could_act,
    machines_live_as_long_as_paid,
    nobody_holds_another_ones_file,
    nothing_is_erased_while_held,
    vaults_lose_nothing,
)
