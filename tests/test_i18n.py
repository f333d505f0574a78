"""How names, amounts and rates are written."""

from flask import Flask
from flask_babel import force_locale

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


def test_a_word_of_a_template_keeps_nobodys_language(app: Flask) -> None:
    """Jinja works out what is constant when it compiles: it would be said in the language of that moment."""
    with app.test_request_context(), force_locale("en"):
        template = app.jinja_env.from_string('{{ "signatory" | contact_name }}')
        assert template.render() == "Signatory"
        with force_locale("fr"):
            assert template.render() == "Signataire"
