"""The page with an answer in words."""

from time import perf_counter

from flask import Blueprint
from flask.typing import ResponseReturnValue

from mmrag_video.ask import WrittenAnswer, ask
from mmrag_video.catalog.audit import Action
from mmrag_video.errors import UsageError
from web import access
from web.form_page import FormPage, open_form_page
from web.services import services

blueprint = Blueprint("answers", __name__)


@blueprint.get("/answer")
def page() -> ResponseReturnValue:
    """The form, and the answer in words to what it holds."""
    opened = open_form_page("answer.html")
    return opened.answer(lambda: {"answer": written_answer(opened)})


def written_answer(opened: FormPage) -> WrittenAnswer:
    """The answer to the form. Raises UsageError where none can be written, ServiceUnavailable."""
    if opened.form.asks_nothing:
        raise UsageError("Only a question in words is answered in words.")
    question = opened.asked
    query = question.first.query
    if query.text is None or query.image is not None or query.without or question.then:
        raise UsageError(
            "Only a question in words alone is answered in words: no picture, no minus words and"
            " nothing that follows."
        )
    access.note(Action.SEARCH, **opened.form.about(), answer="in words")
    with services().answering.turn():
        began = perf_counter()
        answer = ask(services().archive, query.text, question.first.where)
        services().metrics.answers.observe(perf_counter() - began)
        return answer
