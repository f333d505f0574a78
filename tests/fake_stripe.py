"""A small Stripe at the edge: an HTTP server that speaks the shapes of the API that the portal uses."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "sk_test_51PortalOfTests", "whsec_portalOfTests"
Answer = tuple[int, dict[str, Any]]


def _error(status: int, kind: str, code: str) -> Answer:
    return status, {"error": {"type": kind, "code": code, "message": f"said of {code} {KEY}"}}


@dataclass
class Stripe:
    """What the server holds, and how it misbehaves: ``down`` answers 500, ``late`` seconds of each answer."""

    address: str = ""
    down: bool = False
    late: float = 0
    declines: str = ""  # the code with which the bank refuses kept cards
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    answered: dict[str, Answer] = field(default_factory=dict)  # by key of idempotency
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def page(self) -> dict[str, Any]:
        """The one opened last."""
        return list(self.pages.values())[-1]

    def pay(self, page_id: str = "", *, cents: int | None = None, last4: str = "4242") -> str:
        """The customer pays on that page, or on the last one, so many cents; returns the page's id."""
        page = self.pages[page_id] if page_id else self.page
        cents = page["amount_total"] if cents is None else cents
        card = {"brand": "visa", "last4": last4, "exp_month": 11, "exp_year": 2028}
        method = {"id": f"pm_{last4}", "object": "payment_method", "card": card}
        intent = {"id": f"pi_{len(self.intents) + 1}", "object": "payment_intent", "status": "succeeded"}
        intent["payment_method"] = method
        self.intents[intent["id"]] = intent | {"amount": cents, "refunded": 0}
        page |= {"status": "complete", "payment_status": "paid", "amount_total": cents}
        page |= {"payment_intent": intent, "customer": "cus_1" if page["keeps"] else None}
        return str(page["id"])

    def decline(self) -> str:
        """The bank refuses the card; the page stays open for another one."""
        error = {"code": "card_declined"}
        self.page["payment_intent"] = {"id": "pi_0", "object": "payment_intent", "last_payment_error": error}
        return str(self.page["id"])

    def expire(self) -> str:
        self.page["status"] = "expired"
        return str(self.page["id"])

    def event(self, page_id: str, kind: str = "checkout.session.completed") -> tuple[bytes, dict[str, str]]:
        """Body and headers of a notification, signed now."""
        about = {"id": page_id, "object": "checkout.session"}
        body = json.dumps(
            {"id": "evt_1", "object": "event", "type": kind, "data": {"object": about}}
        ).encode()
        return body, {"Stripe-Signature": signed(body)}

    def answer(self, method: str, path: str, form: dict[str, str], key: str) -> Answer:
        with self.lock:
            self.asked.append((method, path, form))
            if self.down:
                return _error(500, "api_error", "internal")
            if key and key in self.answered:
                return self.answered[key]
            said = self._answer(method, path, form)
            if key:
                self.answered[key] = said
            return said

    def _answer(self, method: str, path: str, form: dict[str, str]) -> Answer:
        if (method, path) == ("POST", "/v1/checkout/sessions"):
            return 200, self._open(form)
        if method == "GET" and (page := self.pages.get(path.rpartition("/")[2])):
            return 200, page
        if (method, path) == ("POST", "/v1/payment_intents"):
            return self._charge(form)
        if (method, path) == ("POST", "/v1/refunds"):
            return self._refund(form)
        return _error(404, "invalid_request_error", "resource_missing")

    def _open(self, form: dict[str, str]) -> dict[str, Any]:
        number = f"cs_test_{len(self.pages) + 1}"
        page = {"id": number, "object": "checkout.session", "status": "open", "payment_status": "unpaid"}
        page |= {"mode": form["mode"], "currency": "eur", "payment_intent": None}
        page["amount_total"] = int(form.get("line_items[0][price_data][unit_amount]", 0))
        page["client_reference_id"] = form["client_reference_id"]
        page["url"] = f"https://checkout.stripe.example/c/pay/{number}"
        page["keeps"] = form.get("customer_creation") == "always"
        page["success_url"], page["customer"] = form["success_url"], None
        self.pages[number] = page
        return page

    def _charge(self, form: dict[str, str]) -> Answer:
        if self.declines:
            return _error(402, "card_error", self.declines)
        number = f"pi_{len(self.intents) + 1}"
        intent = {"id": number, "object": "payment_intent", "status": "succeeded", "refunded": 0}
        intent["amount"] = int(form["amount"])
        self.intents[number] = intent
        return 200, intent

    def _refund(self, form: dict[str, str]) -> Answer:
        intent, cents = self.intents[form["payment_intent"]], int(form["amount"])
        if intent["refunded"] + cents > intent["amount"]:
            return _error(400, "invalid_request_error", "charge_already_refunded")
        intent["refunded"] += cents
        row = {
            "id": f"re_{len(self.refunds) + 1}",
            "object": "refund",
            "amount": cents,
            "status": "succeeded",
        }
        self.refunds.append(row)
        return 200, row


def signed(body: bytes, secret: str = SECRET, at: int | None = None) -> str:
    at = at or int(time.time())
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


@contextmanager
def a_stripe() -> Iterator[Stripe]:
    """Running on this machine for the length of a ``with``."""
    stripe = Stripe()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            key = self.headers.get("Idempotency-Key", "") if self.command == "POST" else ""
            time.sleep(stripe.late)
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                status, body = _error(401, "invalid_request_error", "api_key")
            else:
                status, body = stripe.answer(self.command, urlsplit(self.path).path, form, key)
            raw = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = _any

        def log_message(self, *_args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Whoever did not wait has hung up."""

    server = Server(("127.0.0.1", 0), Handler)
    stripe.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stripe
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
