"""The schematrons in a process of their own: Saxon may end a process, and must never end a worker.

Run as a file, so that nothing of the portal is loaded. Each request is the length of the XML on a line, and
the XML; each answer is one line of JSON: the failed rules, or why there is no answer.
"""

import json
import re
import sys
from html import unescape
from pathlib import Path
from typing import Any

import saxonche

_FAILED = re.compile(
    r"<svrl:(failed-assert|successful-report)\b(.*?)>.*?<svrl:text[^>]*>(.*?)</svrl:text>", re.S
)
_ATTRIBUTE = re.compile(r'\b(id|flag)="([^"]*)"')
_RULE = re.compile(r"\[?((?:BR|CII|UBL|PEPPOL|FX)-[A-Z0-9-]+)")


def _findings(svrl: str) -> list[list[str]]:
    """Rule and sentence of each fatal failure."""
    found = []
    for _kind, attributes, text in _FAILED.findall(svrl):
        named = dict(_ATTRIBUTE.findall(attributes))
        said = " ".join(unescape(re.sub(r"<[^>]+>", "", text)).split())
        named_in = _RULE.match(said)
        if named.get("flag") != "warning":
            found.append([named_in[1] if named_in else named.get("id", "?"), said])
    return found


def main(stylesheets: list[str]) -> None:
    processor = saxonche.PySaxonProcessor(license=False)
    maker: Any = processor.new_xslt30_processor()
    engines = [maker.compile_stylesheet(stylesheet_file=each) for each in stylesheets]
    out, source = sys.stdout, sys.stdin.buffer
    print(json.dumps({"ready": [Path(each).name for each in stylesheets]}), file=out, flush=True)
    while header := source.readline():
        xml = source.read(int(header)).decode()
        try:
            node = processor.parse_xml(xml_text=xml)
            reports = [engine.transform_to_string(xdm_node=node) for engine in engines]
            if not all(reports):
                raise RuntimeError("a stylesheet gave nothing")
            answer: dict[str, Any] = {"found": [each for svrl in reports for each in _findings(svrl)]}
            if not all("svrl:fired-rule" in svrl for svrl in reports):
                raise RuntimeError("no rule was applied")
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
