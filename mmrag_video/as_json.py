"""Plain JSON values of what the program answers with, for `--json` and for programs.

Times are given twice: as decimal seconds to compute with, and exactly, as a fraction in text.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from mmrag_video import json_shapes as shapes
from mmrag_video.ask import AnswerState, WrittenAnswer
from mmrag_video.camera_settings import CameraInForce
from mmrag_video.cases import Collected
from mmrag_video.catalog.audit import Action, AuditEntry
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.hits import Hit
from mmrag_video.catalog.jobs import Job
from mmrag_video.catalog.records import Camera, Recording
from mmrag_video.catalog.reindexings import Reindexing
from mmrag_video.catalog.saved_searches import SavedSearch
from mmrag_video.catalog.tally import SourceCounts
from mmrag_video.catalog.tokens import Token
from mmrag_video.catalog.users import Account
from mmrag_video.evaluate_dimensions import LengthResult
from mmrag_video.index_overview import IndexOverview, IndexState
from mmrag_video.ingest import Outcome
from mmrag_video.model_overview import ModelState
from mmrag_video.moments import Answer, Confidence, Moment, Span
from mmrag_video.queue_overview import QueueOverview
from mmrag_video.recording_file import file_state
from mmrag_video.saved_search import webhook_host
from mmrag_video.sequences import Pair
from mmrag_video.settings import CameraSettings
from mmrag_video.sources import Source
from mmrag_video.video.sampled import Polygon
from mmrag_video.video.timecode import Timecode, address_seconds
from mmrag_video.video.wall_clock import iso_milliseconds


def answer_to_json(answer: Answer) -> shapes.Answer:
    """An answer: whether anything stands out, and the moments, best first."""
    return {
        "confident": answer.is_confident,
        "moments": [moment_to_json(moment) for moment in answer.moments],
    }


def pairs_to_json(pairs: Sequence[Pair]) -> shapes.Pairs:
    """Pairs of moments, best first."""
    return {
        "confident": any(pair.confidence is not Confidence.WEAK for pair in pairs),
        "pairs": [
            {
                "score": round(pair.score, 4),
                "confidence": pair.confidence.value,
                "gap_s": pair.gap.total_seconds(),
                "first": moment_to_json(pair.first),
                "second": moment_to_json(pair.second),
            }
            for pair in pairs
        ],
    }


def moment_to_json(moment: Moment) -> shapes.Moment:
    """A moment, with where and when it is."""
    return {
        "camera": moment.camera,
        "score": round(moment.score, 4),
        "confidence": moment.confidence.value,
        "above": round(moment.above, 4),
        "why": moment.why,
        "duration_s": float(moment.duration),
        "wall_start": time_to_json(moment.wall_start),
        "wall_end": time_to_json(moment.wall_end),
        "zone": moment.spans[0].recording.clock.zone,
        "clock_origin": moment.spans[0].recording.clock.origin.value,
        "clock_note": moment.spans[0].recording.clock.note,
        "spans": [span_to_json(span) for span in moment.spans],
        "best": span_to_json(moment.best),
    }


def written_answer_to_json(answer: WrittenAnswer) -> shapes.WrittenAnswer:
    """An answer in words, and every moment that the machine was shown, cited or not."""
    cited = {one.number for one in answer.cited}
    return {
        "state": answer.state.value,
        "text": answer.text,
        "machine_written": answer.state is AnswerState.ANSWERED,
        "sentences": [
            {"text": sentence.text, "citations": list(sentence.citations)}
            for sentence in answer.sentences
        ],
        "dropped_sentences": answer.dropped_sentences,
        "dropped_citations": answer.dropped_citations,
        "moments": [
            {
                "number": shown.number,
                "cited": shown.number in cited,
                "thumbnail": str(shown.thumbnail),
                **moment_to_json(shown.moment),
            }
            for shown in answer.shown
        ],
    }


def span_to_json(span: Span) -> shapes.Span:
    """A part of one recording."""
    return {
        "recording": span.recording.id,
        "path": str(span.recording.path),
        "file": file_state(span.recording).value,
        "start": str(Timecode(span.start)),
        "end": str(Timecode(span.end)),
        "start_s": float(span.start),
        "end_s": float(span.end),
        "start_exact": str(span.start),
        "end_exact": str(span.end),
    }


def recording_to_json(recording: Recording) -> shapes.Recording:
    """A recording."""
    span = recording.span
    return {
        "id": recording.id,
        "path": str(recording.path),
        "file": file_state(recording).value,
        "camera": recording.camera,
        "size": recording.size,
        "container": recording.container,
        "codec": recording.codec,
        "width": recording.width,
        "height": recording.height,
        "duration_s": float(recording.duration),
        "average_rate": _rate(recording.average_rate),
        "wall_start": time_to_json(span[0] if span else None),
        "wall_end": time_to_json(span[1] if span else None),
        "zone": recording.clock.zone,
        "clock_origin": recording.clock.origin.value,
        "clock_note": recording.clock.note,
        "damage": recording.damage,
        "live": recording.live,
        "kept": recording.kept,
    }


def camera_details_to_json(camera: Camera, own: CameraInForce) -> shapes.CameraDetails:
    """A camera with what is particular about it."""
    return {
        **camera_to_json(camera),
        "settings": camera_settings_to_json(own.settings),
        "fixed": sorted(own.fixed),
    }


def camera_settings_to_json(settings: CameraSettings) -> shapes.CameraSettings:
    """What is particular about a camera."""
    return {
        "zone": settings.zone,
        "clock_offset": settings.clock_offset.total_seconds(),
        "region": _corners(settings.region) if settings.region else None,
        "masks": [_corners(mask) for mask in settings.masks],
        "sensitivity": settings.sensitivity,
        "interval": settings.interval,
        "heartbeat": settings.heartbeat,
        "start_timecode": settings.start_timecode,
        "keep_days": settings.keep_days,
        "keep_gigabytes": settings.keep_gigabytes,
    }


def _corners(area: Polygon) -> list[list[float]]:
    return [list(corner) for corner in area]


def camera_to_json(camera: Camera) -> shapes.Camera:
    """A camera."""
    return {
        "name": camera.name,
        "recordings": camera.recordings,
        "duration_s": float(camera.duration),
        "first": time_to_json(camera.first),
        "last": time_to_json(camera.last),
    }


def length_to_json(result: LengthResult) -> dict[str, Any]:
    """An evaluation at one length of vectors."""
    return {
        "dimensions": result.dimensions,
        "frames": result.frames,
        "store_bytes": result.store_bytes,
        "search_s": result.search_seconds,
        "metrics": result.metrics,
    }


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """What became of one file."""
    return {
        "path": str(outcome.path),
        "state": outcome.state.value,
        "recording": outcome.recording.id if outcome.recording else None,
        "camera": outcome.recording.camera if outcome.recording else None,
        "frames": outcome.frames,
        "message": outcome.message,
    }


def source_to_json(source: Source, counts: SourceCounts) -> dict[str, Any]:
    """A source, with its settings and how many of its files wait."""
    return {
        "name": source.name,
        "origin": source.origin.value,
        **source.settings.model_dump(mode="json"),
        "files": {"known": counts.known, "waiting": counts.waiting, "failed": counts.failed},
    }


def queue_to_json(overview: QueueOverview) -> shapes.Queue:
    """The worker's queue as it stands."""
    worker, progress = overview.worker, overview.progress
    return {
        "worker": {
            "there": overview.is_worker_there,
            "paused": worker.paused,
            "name": worker.name,
            "heartbeat": time_to_json(worker.heartbeat),
            "activity": worker.activity,
        },
        "counts": {state.value: count for state, count in overview.counts.items()},
        "untried": overview.untried,
        "failures": overview.failures,
        "running": [job_to_json(job) for job in overview.running],
        "next": [job_to_json(job) for job in overview.next],
        "failed": [job_to_json(job) for job in overview.failed],
        "last_hour": {
            "recordings": progress.recordings,
            "frames": progress.frames,
            "footage_s": progress.footage,
            "busy_s": progress.seconds,
            "times_real_time": progress.times_real_time,
        },
        "caught_up": time_to_json(overview.caught_up),
    }


def job_to_json(job: Job) -> shapes.Job:
    """A file of a source, and what became of it."""
    return {
        "id": job.id,
        "path": str(job.file.path),
        "source": job.source,
        "state": job.state.value,
        "attempts": job.attempts,
        "due": time_to_json(job.due),
        "error": job.error,
        "kind": job.kind.value if job.kind else None,
        "done_s": job.done_seconds,
        "total_s": job.total_seconds,
        "frames": job.frames,
        "begun": time_to_json(job.begun),
        "ended": time_to_json(job.ended),
    }


def hit_to_json(hit: Hit, search: SavedSearch) -> shapes.Hit:
    """A hit, as a webhook and a command get it; nothing of how it is delivered."""
    moment = hit.moment
    return {
        "search": search.name,
        "text": search.text,
        "camera": moment.camera,
        "recording": moment.recording,
        "start": str(Timecode(moment.start)),
        "end": str(Timecode(moment.end)),
        "start_s": float(moment.start),
        "end_s": float(moment.end),
        "wall_start": time_to_json(moment.wall_start),
        "wall_end": time_to_json(moment.wall_end),
        "zone": moment.zone,
        "clock_origin": moment.clock_origin.value,
        "score": round(moment.score, 4),
        "confidence": moment.confidence.value,
        "threshold": round(moment.threshold, 4),
        "why": moment.why,
        "found": time_to_json(hit.found),
        "page": (
            f"/recordings/{moment.recording}/play"
            f"?t={address_seconds(moment.start)},{address_seconds(moment.end)}"
        ),
    }


def saved_search_to_json(search: SavedSearch) -> shapes.SavedSearch:
    """A saved search, without its secret and the webhook's path, which may be one too."""
    return {
        "name": search.name,
        "text": search.text,
        "cameras": list(search.cameras),
        "webhook": webhook_host(search.target.webhook) or None,
        "command": list(search.target.command) or None,
        "created": time_to_json(search.created),
    }


def account_to_json(account: Account) -> shapes.Account:
    """A user, without the password's hash."""
    return {
        "name": account.user.name,
        "role": account.user.role.value,
        "cameras": list(account.user.cameras),
        "created": time_to_json(account.created),
        "disabled": account.disabled,
    }


def token_to_json(token: Token) -> dict[str, Any]:
    """A token, without its hash."""
    return {
        "number": token.id,
        "user": token.user,
        "for": token.purpose,
        "created": time_to_json(token.created),
        "used": time_to_json(token.used),
    }


def audit_entry_to_json(entry: AuditEntry) -> shapes.AuditEntry:
    """An entry of the audit log; `audit_entry_from_json` makes the same of it again."""
    return {
        "number": entry.number,
        "at": entry.at.isoformat(timespec="microseconds"),
        "user": entry.user,
        "address": entry.address,
        "action": entry.action.value,
        "about": dict(entry.about),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def audit_entry_from_json(value: Mapping[str, Any]) -> AuditEntry:
    """An exported entry. Raises KeyError, TypeError or ValueError if it is none."""
    at = datetime.fromisoformat(value["at"])
    return AuditEntry(**{**value, "at": at, "action": Action(value["action"])})


def case_to_json(case: Case) -> shapes.Case:
    """A case, without its moments."""
    return {
        "id": case.id,
        "name": case.name,
        "note": case.note,
        "created": time_to_json(case.created),
        "created_by": case.created_by,
        "moments": case.moments,
    }


def case_moment_to_json(one: Collected) -> shapes.CaseMoment:
    """A moment in a case: where and when it is now, how it was found, what was made of it."""
    moment, found = one.moment, one.moment.found
    first, last = (one.spans[0], one.spans[-1]) if one.spans else (None, None)
    return {
        "id": moment.id,
        "position": moment.position,
        "camera": first.recording.camera if first else None,
        "query": found.query,
        "score": None if found.score is None else round(found.score, 4),
        "confidence": found.confidence.value if found.confidence else None,
        "why": found.why,
        "note": moment.note,
        "tags": list(moment.tags),
        "duration_s": float(one.duration),
        "wall_start": time_to_json(first.recording.clock.at(first.start) if first else None),
        "wall_end": time_to_json(last.recording.clock.at(last.end) if last else None),
        "clock_origin": first.recording.clock.origin.value if first else None,
        "spans": [span_to_json(span) for span in one.spans],
        "best": span_to_json(one.best) if one.best else None,
        "trimmed": moment.is_trimmed,
        "added": time_to_json(moment.added),
        "added_by": moment.added_by,
        "exported": time_to_json(moment.exported),
        "problems": one.problems,
    }


def model_to_json(state: ModelState) -> shapes.Model:
    """A model or a reranker, and what of it is on this machine."""
    card = state.card
    return {
        "name": card.name,
        "role": card.role.value,
        "about": card.about,
        "source": card.weights,
        "download_gb": card.download,
        "memory_gb": card.memory,
        "dimensions": card.dimensions,
        "licence": card.licence,
        "missing_packages": list(state.missing_packages),
        "extra": state.extra,
        "weights": state.weights.value,
        "chosen": state.chosen,
        "indexed": state.indexed,
    }


def models_to_json(models: Iterable[ModelState], overview: IndexOverview) -> shapes.Models:
    """Models and indexes."""
    wish = overview.reindexing
    return {
        "models": [model_to_json(model) for model in models],
        "indexes": [index_to_json(index) for index in overview.indexes],
        "standing": overview.standing.value,
        "problem": overview.problem,
        "outdated": overview.outdated,
        "reindexing": None if wish is None else reindexing_to_json(wish),
    }


def index_to_json(index: IndexState) -> shapes.Index:
    """An index, and how much is in it."""
    identity, counts = index.identity, index.counts
    return {
        "fingerprint": identity.fingerprint,
        "model": identity.model,
        "dimensions": identity.dimensions,
        "sampler": identity.sampler,
        "active": index.is_active,
        "wanted": index.is_wanted,
        "recordings": counts.recordings if counts else 0,
        "frames": counts.frames if counts else 0,
        "begun": time_to_json(counts.begun if counts else None),
        "filled": time_to_json(counts.filled if counts else None),
    }


def reindexing_to_json(wish: Reindexing) -> shapes.Reindexing:
    """A wish about the index, and what became of it so far."""
    return {
        "number": wish.id,
        "wish": wish.wish.value,
        "asked": time_to_json(wish.asked),
        "asked_by": wish.asked_by,
        "begun": time_to_json(wish.begun),
        "ended": time_to_json(wish.ended),
        "done": wish.done,
        "total": wish.total,
        "missing": wish.missing,
        "problem": wish.problem,
    }


def time_to_json(time: datetime | None) -> str | None:
    """An aware time as ISO 8601, in milliseconds; None where it is unknown."""
    return None if time is None else iso_milliseconds(time)


def _rate(rate: Fraction | None) -> str | None:
    return None if rate is None else str(rate)
