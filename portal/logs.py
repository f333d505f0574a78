"""Structured logs in UTC, one JSON object a line, with bank details and tokens masked."""

import logging
import os
import re
import secrets as random_source
import time
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from stdnum.iso7064 import mod_97_10

_IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ .-]?[A-Za-z0-9]){11,30}")  # ISO 13616: 15 to 34 characters
_TOKEN = re.compile(
    r"(/(?:sign|new-account|unlock|fetch|vault-access|welcome|calendar|accept|consent)/)[A-Za-z0-9_-]{20,}"
)  # signed links carry their token in the path
_KEY = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{5}(?:[ -]?[0-9A-HJKMNP-TV-Z]{5}){3}\b", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic) +[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(//)[^/\s@]+:[^/\s@]+@")  # user and password of an address


def mask(text: str) -> str:
    """Hide IBANs, activation keys, tokens and passwords of addresses in every spelling; one line."""
    text = _IN_ADDRESS.sub(r"\1…@", _BEARER.sub(r"\1 …", _TOKEN.sub(r"\1…", text)))
    text = _IBAN.sub(_without_iban, text)
    return _KEY.sub("…", text).replace("\r", "\\r")


def _without_iban(found: re.Match[str]) -> str:
    """The text with its middle hidden as far as it is a valid IBAN; other words of that shape stay."""
    text = found.group()
    for end in range(len(text), 14, -1):
        bare = re.sub(r"[^A-Za-z0-9]", "", text[:end]).upper()
        if 15 <= len(bare) <= 34 and text[end - 1].isalnum() and mod_97_10.is_valid(bare[4:] + bare[:4]):
            return f"{bare[:4]}…{bare[-4:]}{text[end:]}"
    return text


def _mask_all(logger: Any, method: str, event: Any) -> Any:
    return {name: mask(value) if isinstance(value, str) else value for name, value in event.items()}


class _MaskFilter(logging.Filter):
    """The same masking for the standard library's loggers, such as the web server's access log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask(record.getMessage())
        record.args = None
        return True


def configure() -> None:
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask_all,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level, logging.INFO)),
        logger_factory=structlog.WriteLoggerFactory(),
    )
    for name in ("gunicorn.access", "gunicorn.error", "werkzeug", "procrastinate"):
        logging.getLogger(name).addFilter(_MaskFilter())


def init_app(app: Flask) -> None:
    """One line per request, with an id that the error page shows too."""

    @app.before_request
    def begin() -> None:
        g.request_id, g.began = random_source.token_hex(4), time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)

    @app.after_request
    def tell(response: Response) -> Response:
        if request.endpoint != "static" and not current_app.testing:
            actor = g.get("actor")
            structlog.get_logger().info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000),
                user=actor.uid if actor is not None else None,
            )
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response
