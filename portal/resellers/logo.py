"""A logo that somebody uploads: known by its content, kept only when it can do nothing but be seen."""

import io
import re
from typing import Any

from lxml import etree
from PIL import Image, UnidentifiedImageError

from portal.errors import Refused
from portal.wording import N_

LARGEST = 256 * 1024  # bytes
_MOST_PIXELS = 2000  # in width and in height
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "use"}
_PARTS = {"svg", "g", "defs", "symbol", "title", "desc", "clipPath", "mask", "stop"}
_ELEMENTS = _SHAPES | _PARTS | {"linearGradient", "radialGradient"}
_DROPPED = {"metadata"}  # of editors, without effect
# fmt: off
_GEOMETRY = (
    "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "fx", "fy", "r", "rx", "ry", "dx", "dy", "d",
    "points", "width", "height", "viewBox", "transform",
)
_LOOK = (
    "id", "class", "version", "preserveAspectRatio", "fill", "fill-rule", "fill-opacity", "clip-rule",
    "clip-path", "mask", "opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin",
    "stroke-miterlimit", "stroke-dasharray", "stroke-opacity", "stop-color", "stop-opacity", "offset",
    "gradientUnits", "gradientTransform", "spreadMethod", "clipPathUnits", "maskUnits",
    "maskContentUnits", "font-family", "font-size", "font-weight", "font-style", "text-anchor",
    "letter-spacing", "color", "display", "visibility", "paint-order", "vector-effect",
)
# fmt: on
_ATTRIBUTES = {*_GEOMETRY, *_LOOK}
_ELSEWHERE = re.compile(r"url\(\s*['\"]?\s*(?!#)|javascript:|data:|https?:|//|expression|@import|\\", re.I)


def cleaned(content: bytes) -> tuple[bytes, str]:
    """The logo as it is kept, and its media type.

    Raises Refused for what is neither SVG nor PNG, for what is too large, and for an SVG that runs a script,
    takes something from elsewhere or holds a foreign document.
    """
    if len(content) > LARGEST:
        raise Refused(N_("Ce logo dépasse 256 Ko."), field="logo")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(content), "image/png"
    return _svg(content), "image/svg+xml"


def _png(content: bytes) -> bytes:
    """The picture alone: what was hidden beside it is left out."""
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if max(picture.size) > _MOST_PIXELS:
                raise Refused(N_("Ce logo dépasse 2000 points de côté."), field="logo")
            picture.convert("RGBA").save(out, "PNG", optimize=True)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Refused(N_("Cette image PNG ne se lit pas."), field="logo") from None
    return out.getvalue()


def _svg(content: bytes) -> bytes:
    reader = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(content, reader)
    except (etree.XMLSyntaxError, ValueError):
        raise Refused(
            N_("Le logo est un SVG ou un PNG ; ce fichier n'en est pas un."), field="logo"
        ) from None
    if tree.tag != f"{{{_SVG}}}svg":
        raise Refused(N_("Le logo est un SVG ou un PNG ; ce fichier n'en est pas un."), field="logo")
    if tree.getroottree().docinfo.internalDTD is not None:
        raise Refused(N_("Ce SVG déclare un type de document : enregistrez-le sans."), field="logo")
    _judge(tree)
    return etree.tostring(tree, xml_declaration=False, encoding="utf-8")


def _judge(element: Any) -> None:
    """Keep what may stand, drop what has no effect with all that is in it, refuse the rest."""
    if not isinstance(element.tag, str):  # a comment, an instruction, an entity
        if isinstance(element, etree._Entity):
            raise Refused(N_("Ce SVG déclare un type de document : enregistrez-le sans."), field="logo")
        _drop(element)
        return
    name = etree.QName(element)
    if name.namespace != _SVG or name.localname in _DROPPED:
        _drop(element)
        return
    if name.localname == "script":
        raise Refused(N_("Ce SVG contient un script."), field="logo")
    if name.localname == "foreignObject":
        raise Refused(N_("Ce SVG contient un document étranger (foreignObject)."), field="logo")
    if name.localname not in _ELEMENTS:
        raise Refused(
            N_("Ce SVG contient l'élément « %(name)s » : seules des formes et du texte passent."),
            field="logo",
            name=name.localname[:40],
        )
    for attribute, value in list(element.attrib.items()):
        _judge_attribute(element, attribute, value)
    for child in list(element):
        _judge(child)


def _judge_attribute(element: Any, attribute: str, value: str) -> None:
    name = etree.QName(attribute).localname
    if name.lower().startswith("on"):
        raise Refused(N_("Ce SVG réagit à des événements (%(name)s)."), field="logo", name=name[:40])
    if attribute in ("href", _XLINK):
        if not value.strip().startswith("#"):
            raise Refused(N_("Ce SVG prend quelque chose ailleurs."), field="logo")
        return
    if _ELSEWHERE.search(value):
        raise Refused(N_("Ce SVG prend quelque chose ailleurs."), field="logo")
    if attribute == "style":
        _spread(element, value)
    elif attribute not in _ATTRIBUTES:
        del element.attrib[attribute]


def _spread(element: Any, style: str) -> None:
    """A style becomes the attributes that say the same: pages allow none in a document."""
    del element.attrib["style"]
    for declaration in style.split(";"):
        name, _colon, value = declaration.partition(":")
        if name.strip() in _LOOK and value.strip():
            element.set(name.strip(), value.strip())


def _drop(element: Any) -> None:
    parent = element.getparent()
    if parent is not None:
        if element.tail and element.tail.strip():
            previous = element.getprevious()
            if previous is not None:
                previous.tail = (previous.tail or "") + element.tail
            else:
                parent.text = (parent.text or "") + element.tail
        parent.remove(element)
