"""Structured logs in UTC, one JSON object a line, with bank details and tokens masked."""

import logging
import os
import re
from typing import Any

import structlog

_IBAN = re.compile(r"\b([A-Z]{2}\d{2})(?: ?[A-Z0-9]{4}){2,6} ?([A-Z0-9]{4}[A-Z0-9]{0,3})\b")
_TOKEN = re.compile(
    r"(/(?:sign|new-account|unlock|fetch)/)[A-Za-z0-9_-]{20,}"
)  # signed links carry their token in the path
_KEY = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){3}\b")


def mask(text: str) -> str:
    """Hide IBANs, activation keys and link tokens; keep line breaks out of the log line."""
    text = _TOKEN.sub(r"\1…", _KEY.sub("…", text))
    return _IBAN.sub(r"\1…\2", text).replace("\r", "\\r")


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
    for name in ("gunicorn.access", "gunicorn.error", "werkzeug"):
        logging.getLogger(name).addFilter(_MaskFilter())
