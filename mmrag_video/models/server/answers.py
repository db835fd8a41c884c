"""Taking apart what a server answered, whatever it sent."""

from collections.abc import Sequence

from mmrag_video.errors import ModelError
from mmrag_video.models.connection import Connection


def in_order(
    answer: object, path: Sequence[str], count: int, connection: Connection
) -> list[object]:
    """What lies at the last key of `path` in each row of an answer, in the order of the question.

    The keys before the last lead to the rows; a row says in `index` what it answers, since servers
    sort. Raises ModelError unless there is one row for each of the `count` things asked.
    """
    *to_rows, key = path
    try:
        for step in to_rows:
            answer = answer[step]  # type: ignore[index]
        found = {row["index"]: row[key] for row in answer}  # type: ignore[attr-defined]
        return [found[index] for index in range(count)]
    except (TypeError, KeyError, IndexError) as error:
        raise misunderstood(connection) from error


def misunderstood(connection: Connection) -> ModelError:
    """The error for an answer of another form than the protocol's."""
    return ModelError(
        f"The model server at {connection.url} answers in a form that is not known: set"
        " model.server.protocol to what it speaks, or use another version of it."
    )
