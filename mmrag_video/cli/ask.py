"""`mmrag-video ask`: an answer in words, each sentence with the moments it relies on."""

import click

from mmrag_video.as_json import written_answer_to_json
from mmrag_video.ask import AnswerState, NumberedMoment, WrittenAnswer
from mmrag_video.ask import ask as answer_in_words
from mmrag_video.cli.answering import note_search, opened, tell, tell_missing_files
from mmrag_video.cli.console import (
    clock_of,
    error_console,
    json_option,
    plain,
    print_table,
    printable,
    table_of,
    timecode,
)
from mmrag_video.cli.where import where_options
from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings


@click.command()
@click.argument("question")
@where_options
@json_option
@click.pass_context
def ask(
    context: click.Context,
    question: str,
    cameras: tuple[str, ...],
    start: str | None,
    end: str | None,
    as_json: bool,
) -> None:
    """Answer QUESTION in words, each sentence citing moments.

    A model looks at pictures of what a search finds, and writes a few sentences: the one at the
    setting generator.url or in generator.path. The numbers behind a sentence name the moments that
    it relies on; sentences without are left out. It may be wrong all the same: look at the moments.
    When nothing was seen, the exit code is 4.

    \b
    Example:
      mmrag-video ask "what did the man in the red jacket do?" --camera lobby
    """
    settings: Settings = context.obj
    with opened(settings, cameras, start, end) as (archive, where):
        note_search(archive, question, where, answer="in words")
        answer = answer_in_words(archive, question, where)
        tell(archive, answer, written_answer_to_json, print_written_answer, as_json=as_json)
    if answer.state is AnswerState.NOT_SEEN:
        context.exit(ExitCode.NO_CONFIDENT_MATCH)


def print_written_answer(answer: WrittenAnswer) -> None:
    """Print the sentences, and under them the moments that they cite, with their pictures' paths.

    A path in the table would be folded over many lines, and of no use.
    """
    click.echo(printable(answer.text))
    if answer.cited:
        table = table_of("", "Camera*", "Start", "End", "Clock*", "File*")
        for one in answer.cited:
            table.add_row(*_row(one))
        print_table(table)
    for one in answer.cited:
        click.echo(printable(f"[{one.number}] {one.thumbnail}"))
    for remark in answer.remarks:
        error_console.print(plain(remark), soft_wrap=True)
    tell_missing_files(one.moment for one in answer.cited)


def _row(cited: NumberedMoment) -> tuple[str, ...]:
    moment = cited.moment
    return (
        plain(f"[{cited.number}]"),
        plain(moment.camera),
        timecode(moment.start),
        timecode(moment.end),
        clock_of(moment),
        plain(moment.spans[0].recording.path.name),
    )
