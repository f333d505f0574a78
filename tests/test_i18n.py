"""How names, amounts and rates are written."""

from flask import Flask
from flask_babel import force_locale
from jinja2 import nodes

from portal.i18n import told, true_name
from portal.wording import Rate, Sentence


def test_a_name_that_turns_its_direction_reads_as_it_is() -> None:
    """U+202E would show ``picture-gnp.exe`` as a picture."""
    assert true_name("photo-\u202egnp.exe") == "<bdi>photo-\ufffdgnp.exe</bdi>"
    assert true_name("<b>\u200b.txt") == "<bdi>&lt;b&gt;\ufffd.txt</bdi>"
    assert true_name("Été à l'eau 文.txt") == "<bdi>Été à l&#39;eau 文.txt</bdi>"


def test_a_rate_has_the_comma_of_its_language(app: Flask) -> None:
    sentence = Sentence("%(rate)s %%", {"rate": Rate(1215)})
    assert str(sentence) == "12,15 %"
    with app.test_request_context():
        assert told(sentence) == "12,15 %"
        with force_locale("en"):
            assert told(sentence) == "12.15 %"


def test_no_word_of_a_template_keeps_the_language_of_whoever_came_first(app: Flask) -> None:
    """Jinja works out what is constant when it compiles, a code in a template and its filter too."""
    env, found = app.jinja_env, []
    for name in env.list_templates(extensions=["html", "txt"]):
        tree = env.parse(env.loader.get_source(env, name)[0])
        for each in tree.find_all(nodes.Filter):
            if isinstance(each.node, nodes.Const) and each.name not in {"format", "safe", "join", "tojson"}:
                found.append(f"{name}:{each.lineno} {each.node.value} | {each.name}")
    assert found == []
