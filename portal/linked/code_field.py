"""The code that a mail brought: asked for, typed, judged."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from portal.linked.visitor import code_sentence
from portal.links import CODE_TRIES, SignedLink


class CodeForm(FlaskForm):
    code = StringField(
        _l("Code à 6 chiffres"),
        [DataRequired(_l("Tapez le code reçu par e-mail.")), Length(max=20)],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 20},
    )
    outcome = ""  # of the last try, as evidence says it: "juste", or what was wrong

    def is_right(self, link: SignedLink) -> bool:
        """Is the typed code the one that was sent? What is wrong is said beside the field.

        Every try counts: commit in any case.
        """
        problem = link.try_code(self.code.data or "")
        self.outcome = "juste" if problem is None else problem.value
        if problem is not None:
            self.code.errors = [code_sentence(problem, CODE_TRIES - link.code_tries)]
            self.code.data = ""
        return problem is None
