"""A partner's system that sells: a customer entered, an order placed, its keys and invoice read.

One file, the standard library only. ``python partner.py --help`` shows the commands; a program uses
:class:`Portal`. The token is read from ``PARTNER_TOKEN``: nothing secret stands on a command line.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TRIES = 4  # of what is busy, or asked too often


class Refusal(Exception):
    """The portal said no: ``problem`` is its problem+json, with a pointer to each wrong field."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail", ""))
        self.problem = problem

    def lines(self) -> list[str]:
        own = self.problem.get("errors", [])
        return [f"{each.get('pointer') or each.get('parameter')}: {each['detail']}" for each in own] or [
            str(self)
        ]


class Portal:
    """url: of the portal. token: made on one's account's page."""

    def __init__(self, url: str, token: str, language: str = "en") -> None:
        self.url, self.headers = url.rstrip("/"), {"Authorization": f"Bearer {token}"}
        self.headers |= {"Accept-Language": language, "Accept": "application/json"}

    def get(self, path: str, **query: Any) -> Any:
        asked = "?" + urllib.parse.urlencode(query) if query else ""
        return json.loads(self._ask("GET", f"/api/partner/v1{path}{asked}", None, {}))

    def rows(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every row of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor)
            yield from page["data"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}

    def write(self, path: str, body: dict[str, Any], *, key: str = "", dry_run: bool = False) -> Any:
        """key: of one's own record where there is one, so that a second try is the same write."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
        headers |= {"Prefer": "dry-run"} if dry_run else {}
        return json.loads(self._ask("POST", f"/api/partner/v1{path}", json.dumps(body).encode(), headers))

    def paper(self, invoice: dict[str, Any]) -> bytes:
        return self._ask("GET", invoice["pdf"], None, {})

    def _ask(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> bytes:
        """Raises Refusal. What is busy is tried again, under the same key, so that nothing is done twice."""
        for left in reversed(range(TRIES)):
            request = urllib.request.Request(  # noqa: S310 (the program's own address)
                self.url + path, data=data, headers=self.headers | headers, method=method
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                    return bytes(answer.read())
            except urllib.error.HTTPError as refusal:
                if refusal.code not in (429, 503) or not left:
                    raise Refusal(json.loads(refusal.read())) from refusal
                time.sleep(min(int(refusal.headers.get("Retry-After") or 1), 60))
        raise AssertionError("unreachable")


def sell(portal: Portal, customer: dict[str, Any], code: str, quantity: int, key: str) -> dict[str, Any]:
    """The customer of one's own reference, entered where she is not yet, and an order of hers.

    code: of the offer. key: of one's own sale; run again it is the same sale. Raises Refusal, first of all
    where the customer has still to accept the terms by the link that was sent to her signatory.
    """
    reference = customer["partner_reference"]
    known = next(portal.rows("/customers", partner_reference=reference), None)
    who = known or portal.write("/customers", customer, key=f"{key}-customer")
    offers = portal.get(f"/customers/{who['uid']}/offers")["data"]
    offer = next(each for each in offers if each["code"] == code)
    wish = {"customer": who["uid"], "product": offer["product"], "quantity": quantity}
    return dict(portal.write("/orders", wish, key=f"{key}-order"))


def delivered(portal: Portal, order: dict[str, Any]) -> dict[str, Any]:
    """What came of an order so far: its state, its keys and its invoices."""
    whose = order["customer"]["uid"]
    keys = [each for each in portal.rows("/keys", customer=whose) if each["order"] == order["uid"]]
    bills = [each for each in portal.rows("/invoices", customer=whose) if each["order"] == order["uid"]]
    return {"order": portal.get(f"/orders/{order['uid']}"), "keys": keys, "invoices": bills}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Sell through the portal")
    parser.add_argument("what", choices=("sell", "show"))
    parser.add_argument("--url", required=True)
    parser.add_argument("--customer", type=Path, help="JSON of the customer, with its partner_reference")
    parser.add_argument("--offer", default="", help="code of the offer")
    parser.add_argument("--quantity", type=int, default=1)
    parser.add_argument("--key", default="", help="name of this sale in your own system")
    parser.add_argument("--order", default="", help="uid of an order, to show what came of it")
    parser.add_argument("--folder", type=Path, help="where invoices are kept as PDF")
    asked = parser.parse_args(arguments)
    portal = Portal(asked.url, os.environ["PARTNER_TOKEN"])
    try:
        if asked.what == "sell":
            told = sell(
                portal, json.loads(asked.customer.read_text()), asked.offer, asked.quantity, asked.key
            )
        else:
            told = delivered(portal, portal.get(f"/orders/{asked.order}"))
            for invoice in told["invoices"] if asked.folder else ():
                (asked.folder / f"{invoice['number']}.pdf").write_bytes(portal.paper(invoice))
    except Refusal as refusal:
        sys.stderr.write("\n".join(refusal.lines()) + "\n")
        return 1
    sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
