"""One question to a register over HTTP: short, without redirects, and an answer of bounded length."""

import json
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

_PATIENCE = Timeout(connect=5, read=10)  # seconds; a person or a worker waits
_LONGEST = 512 * 1024  # bytes


class Unreachable(Exception):
    """The register does not answer, or says that it cannot now: ask again later."""


def ask(method: str, url: str, **words: Any) -> Any:
    """The JSON of the answer. Raises Unreachable for anything else. words: as of urllib3's request."""
    try:
        with urllib3.PoolManager(timeout=_PATIENCE, retries=False) as pool:
            answer = pool.request(method, url, redirect=False, preload_content=False, **words)
            content = answer.read(_LONGEST + 1, decode_content=True)
    except HTTPError as error:
        raise Unreachable(type(error).__name__) from None
    if answer.status != 200 or len(content) > _LONGEST:
        raise Unreachable(f"HTTP {answer.status}")
    try:
        return json.loads(content)
    except ValueError:
        raise Unreachable("no JSON") from None
