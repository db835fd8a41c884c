"""The frame store: vectors with their frames, in one Milvus collection per index identity.

Works on Milvus and Milvus Lite alike, and relies on nothing that one of them does silently
otherwise: rows are upserted, never inserted, because a server keeps both of two equal keys; no
request asks for an order or for more than 16384 rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from typing import Any

import numpy as np
from pymilvus import MilvusException

from mmrag_video.errors import IndexMismatchError
from mmrag_video.index.filters import filter_expression, quoted, span_expression
from mmrag_video.index.frames import FoundFrame, FrameFilter, StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.index.milvus import connect, in_words
from mmrag_video.index.rows import (
    FRAME_FIELDS,
    LARGEST_LOT,
    Row,
    collection_schema,
    frame_of,
    identity_from_text,
    identity_text,
    row_of,
)
from mmrag_video.models.base import Vector
from mmrag_video.models.matryoshka import prefix
from mmrag_video.video.wall_clock import Clock

_LARGEST_ANSWER = 16_384
"""Rows a Milvus server gives to one request."""
_BATCH = 1_000
"""Rows written or walked over at a time: 1.5 MB of 384-d vectors, far below gRPC's 64 MB."""
_LONGEST_WALK = 16_000
"""Rows walked over at a time where they are without vectors: each step scans the collection."""
_NAMED_AT_ONCE = 100
"""Recordings named in one expression."""
_RECALLED = 2
"""Times as many frames are recalled by their prefixes as are wanted, for the whole vectors to
order: what belongs among the best but has a poor prefix must have come along."""
_FEWEST_TO_ORDER = 400
_THINGS_MADE = 3
"""A collection, and an index for each of two fields of vectors: others may be first with any."""
_IDENTITY_PROPERTY = "mmrag.identity"
_ALIAS = "mmrag_video"
_STRONG = {"consistency_level": "Strong"}
"""Reads see every write that went before them."""
_EVERYTHING = FrameFilter()


class FrameStore:
    """One collection of frames. Every method may raise StoreError if the server is not there.

    A lost server is not looked for again: make a new store from a new lease.
    """

    def __init__(
        self, uri: str, token: str | None, identity: IndexIdentity, owner: str = ""
    ) -> None:
        """Open the identity's collection, making it if it is missing.

        `owner` is the catalog's id: data directories that share a server share no collection.

        Raises IndexMismatchError if a collection of that name was made otherwise.
        """
        self.uri = uri
        self.identity = identity
        self._client = connect(uri, token)
        self._owner = owner
        self._collection = self._name(identity)
        with in_words(uri):
            self._make_in_any_company()
            self._check_identity()
            self._client.load_collection(self._collection)

    def insert(self, frames: Sequence[tuple[StoredFrame, Vector]]) -> None:
        """Write frames; one whose key is there already is replaced.

        Raises ModelError, before anything is written, if a vector is not a finite unit vector of
        the index's dimensions.
        """
        self._write([row_of(frame, vector, self.identity) for frame, vector in frames])

    def flush(self) -> None:
        """Make what was written durable and quick to search: once after each recording."""
        with in_words(self.uri):
            self._client.flush(self._collection)

    def search(
        self,
        vector: Vector,
        where: FrameFilter = _EVERYTHING,
        limit: int = 400,
        without_runs: Sequence[int] = (),
    ) -> list[FoundFrame]:
        """The frames nearest to the vector, best first. `limit`: at most 16384.

        Where the index has prefixes they recall, and the whole vectors order what came.
        """
        expression = filter_expression(where, without_runs)
        recall = self.identity.recall_dimensions
        if recall is None:
            hits = self._nearest("vector", vector, expression, limit, FRAME_FIELDS)
            return [FoundFrame(frame_of(hit["entity"]), float(hit["distance"])) for hit in hits]
        recalled = max(_FEWEST_TO_ORDER, _RECALLED * limit)
        fields = (*FRAME_FIELDS, "vector")
        hits = self._nearest("prefix", prefix(vector, recall), expression, recalled, fields)
        rows = [hit["entity"] for hit in hits]
        found = [
            FoundFrame(frame_of(row), float(np.asarray(row["vector"], np.float32) @ vector))
            for row in rows
        ]
        return sorted(found, key=lambda one: -one.similarity)[:limit]

    def _nearest(
        self, field: str, vector: Vector, expression: str, limit: int, output: Sequence[str]
    ) -> list[Any]:
        with in_words(self.uri):
            (hits,) = self._client.search(
                self._collection,
                data=[np.asarray(vector, np.float32)],
                anns_field=field,
                filter=expression,
                limit=min(limit, _LARGEST_ANSWER),
                output_fields=list(output),
                **_STRONG,
            )
        return list(hits)

    def frames_between(
        self, recording: str, start: Fraction, end: Fraction, without_runs: Sequence[int] = ()
    ) -> list[StoredFrame]:
        """A recording's frames that stand for some part of start <= time < end, by time."""
        rows = self._rows(span_expression(recording, start, end), FRAME_FIELDS)
        frames = [frame_of(row) for row in rows]
        frames = [
            frame
            for frame in frames
            if frame.time < end
            and (frame.valid_until > start or frame.time >= start)
            and frame.run not in without_runs
        ]
        return sorted(frames, key=lambda frame: frame.time)

    def frames_of_run(self, run: int) -> list[tuple[StoredFrame, Vector]]:
        """All that an ingest run wrote, with the vectors."""
        rows = self._rows(f"run == {run}", (*FRAME_FIELDS, "vector"))
        return [(frame_of(row), np.asarray(row["vector"], np.float32)) for row in rows]

    def sample(
        self, count: int, without_runs: Sequence[int] = ()
    ) -> list[tuple[StoredFrame, Vector]]:
        """`count` frames drawn at random, or all if there are fewer; always the same ones.

        Each frame has a lot, drawn from its key: the lowest lots win. The bound below which to
        ask is guessed from the collection's size, and doubled until enough are found.
        """
        share = min(1.0, 1.5 * (count + 10) / max(1, self.count()))
        while True:
            bound = int(share * LARGEST_LOT)
            conditions = [f"lot <= {bound}", filter_expression(_EVERYTHING, without_runs)]
            expression = " and ".join(filter(None, conditions))
            rows = list(self._rows(expression, (*FRAME_FIELDS, "lot", "vector")))
            if len(rows) >= count or share == 1.0:
                break
            share = min(1.0, 2 * share)
        rows.sort(key=lambda row: row["lot"])
        return [(frame_of(row), np.asarray(row["vector"], np.float32)) for row in rows[:count]]

    def count(self) -> int:
        """Frames in the collection, those of unfinished runs among them."""
        with in_words(self.uri):
            answer = self._client.query(self._collection, "", ["count(*)"], **_STRONG)
        return int(answer[0]["count(*)"])

    def places(self) -> Iterator[tuple[str, int, Fraction]]:
        """Recording, run and time of every row, in no order: one walk over the collection."""
        for rows in self._batches("", ("recording", "run", "time"), _LONGEST_WALK):
            for row in rows:
                yield row["recording"], row["run"], Fraction(row["time"])

    def delete_recordings(self, recordings: Sequence[str]) -> None:
        """Remove every frame of these, whichever run wrote it."""
        for first in range(0, len(recordings), _NAMED_AT_ONCE):
            lot = recordings[first : first + _NAMED_AT_ONCE]
            self._delete(filter_expression(FrameFilter(recordings=tuple(lot))))

    def delete_run(self, run: int) -> None:
        """Remove every frame that this ingest run wrote."""
        self._delete(f"run == {run}")

    def set_clock(self, recording: str, clock: Clock) -> None:
        """Rewrite the wall-clock times of a recording's frames; `flush` after some of them."""
        fields = (*FRAME_FIELDS, "vector")
        for rows in self._batches(f"recording == {quoted(recording)}", fields):
            self.insert(
                [
                    (_at_clock(frame_of(row), clock), np.asarray(row["vector"], np.float32))
                    for row in rows
                ]
            )

    def rename_camera(self, was: str, name: str) -> None:
        """Rewrite the camera of every frame that has the former name."""
        expression = filter_expression(FrameFilter(cameras=(was,)))
        is_changed = False
        # Lot by lot from the beginning: what was rewritten is not among them any more.
        while frames := self._some(expression):
            self.insert([(replace(frame, camera=name), vector) for frame, vector in frames])
            is_changed = True
        if is_changed:
            self.flush()

    def _some(self, expression: str) -> list[tuple[StoredFrame, Vector]]:
        """As many frames as are written at a time, in no order."""
        fields = [*FRAME_FIELDS, "vector"]
        with in_words(self.uri):
            rows = self._client.query(self._collection, expression, fields, limit=_BATCH, **_STRONG)
        return [(frame_of(row), np.asarray(row["vector"], np.float32)) for row in rows]

    def answer_by_alias(self) -> None:
        """Let this catalog's alias name this collection: other programs find frames by it.

        The program itself goes by the catalog, which is changed after this.
        """
        with in_words(self.uri):
            try:
                self._client.alter_alias(self._collection, self._alias)
            except MilvusException:  # there is none yet
                self._client.create_alias(self._collection, self._alias)

    def drop_index(self, identity: IndexIdentity) -> None:
        """Remove an index that is no longer wanted, with all its frames; missing ones are fine."""
        with in_words(self.uri):
            self._client.drop_collection(self._name(identity))

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    @property
    def _alias(self) -> str:
        return f"{_ALIAS}_{self._owner}" if self._owner else _ALIAS

    def _name(self, identity: IndexIdentity) -> str:
        return f"{identity.collection}_{self._owner}" if self._owner else identity.collection

    @property
    def _vector_fields(self) -> tuple[str, ...]:
        return ("vector",) if self.identity.recall_dimensions is None else ("vector", "prefix")

    def _make_in_any_company(self) -> None:
        """Another process may make a thing between our asking for it and our making it."""
        for _ in range(_THINGS_MADE):
            try:
                return self._make_what_is_missing()
            except MilvusException:
                continue
        return self._make_what_is_missing()

    def _make_what_is_missing(self) -> None:
        if not self._client.has_collection(self._collection):
            self._client.create_collection(
                self._collection,
                schema=collection_schema(self.identity),
                consistency_level="Strong",
                # Milvus Lite keeps properties but forgets the schema's description.
                properties={_IDENTITY_PROPERTY: identity_text(self.identity)},
            )
        if not self._client.list_indexes(self._collection):
            index = self._client.prepare_index_params()
            # FLAT: with HNSW and IVF a filter that lets few rows through loses some of those.
            for field in self._vector_fields:
                index.add_index(field, index_type="FLAT", metric_type="COSINE")
            self._client.create_index(self._collection, index)

    def _check_identity(self) -> None:
        about = self._client.describe_collection(self._collection)
        text = about.get("description") or about.get("properties", {}).get(_IDENTITY_PROPERTY, "")
        found = identity_from_text(text)
        if found != self.identity:
            made = found.describe() if found else "something that is not this program"
            raise IndexMismatchError(
                f"The collection {self._collection} at {self.uri} was made by {made}, "
                f"not by {self.identity.describe()}; use --reindex to make it anew."
            )

    def _write(self, rows: Sequence[dict[str, Any]]) -> None:
        with in_words(self.uri):
            for first in range(0, len(rows), _BATCH):
                self._client.upsert(self._collection, list(rows[first : first + _BATCH]))

    def _rows(self, expression: str, fields: Sequence[str]) -> list[Row]:
        """All rows of an expression: in one request if they fit, else by walking over them."""
        with in_words(self.uri):
            rows: list[Row] = self._client.query(
                self._collection, expression, list(fields), limit=_LARGEST_ANSWER, **_STRONG
            )
        if len(rows) < _LARGEST_ANSWER:
            return rows
        return list(chain.from_iterable(self._batches(expression, fields)))

    def _batches(
        self, expression: str, fields: Sequence[str], size: int = _BATCH
    ) -> Iterator[list[Row]]:
        with in_words(self.uri):
            iterator = self._client.query_iterator(
                self._collection, size, filter=expression, output_fields=list(fields), **_STRONG
            )
            try:
                while rows := iterator.next():
                    yield rows
            finally:
                iterator.close()

    def _delete(self, expression: str) -> None:
        with in_words(self.uri):
            self._client.delete(self._collection, filter=expression)


def _at_clock(frame: StoredFrame, clock: Clock) -> StoredFrame:
    return replace(frame, wall_start=clock.at(frame.time), wall_end=clock.at(frame.valid_until))
