"""Findings on their way through a browser and back: signed, so that none is made up there.

A report says what score a moment had and why it was found. To search again when somebody collects
would cost a search, and might find something else by then; to believe the browser would let anybody
write their own score into evidence. So the page signs what it has shown. The key is made when the
page's program starts and is never written down; what was signed before then is refused.
"""

import secrets
from datetime import datetime
from fractions import Fraction
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from mmrag_video.catalog.case_records import CaseMoment, CaseSpan, Finding
from mmrag_video.errors import UsageError
from mmrag_video.moments import Confidence


class SignedFindings:
    """Signs findings, and moments that were taken out of a case, and reads what it has signed."""

    def __init__(self) -> None:
        key = secrets.token_bytes(32)
        self._findings = URLSafeSerializer(key, salt="finding")
        self._removed = URLSafeSerializer(key, salt="removed")

    def sign(self, finding: Finding) -> str:
        """A finding as text for a form."""
        return str(self._findings.dumps(_plain_finding(finding)))

    def read(self, text: str) -> Finding:
        """The finding again. Raises UsageError if it was not signed here."""
        return _finding(_read(self._findings, text))

    def sign_removed(self, moment: CaseMoment) -> str:
        """A moment that was taken out of its case, for whoever wants it back."""
        return str(
            self._removed.dumps(
                {
                    "id": moment.id,
                    "case": moment.case,
                    "position": moment.position,
                    "found": _plain_finding(moment.found),
                    "spans": [span.plain() for span in moment.spans],
                    "note": moment.note,
                    "tags": list(moment.tags),
                    "added": moment.added.isoformat(),
                    "added_by": moment.added_by,
                    "exported": moment.exported.isoformat() if moment.exported else None,
                }
            )
        )

    def read_removed(self, text: str) -> CaseMoment:
        """The moment again. Raises UsageError if it was not signed here."""
        plain = _read(self._removed, text)
        return CaseMoment(
            id=plain["id"],
            case=plain["case"],
            position=plain["position"],
            found=_finding(plain["found"]),
            spans=tuple(map(_span, plain["spans"])),
            note=plain["note"],
            tags=tuple(plain["tags"]),
            added=datetime.fromisoformat(plain["added"]),
            added_by=plain["added_by"],
            exported=datetime.fromisoformat(plain["exported"]) if plain["exported"] else None,
        )


def _read(serializer: URLSafeSerializer, text: str) -> Any:
    try:
        return serializer.loads(text)
    except BadData as error:
        raise UsageError(
            "This was shown before the page’s program was started anew, or by another one; "
            "load the page again."
        ) from error


def _plain_finding(finding: Finding) -> dict[str, Any]:
    return {
        "spans": [span.plain() for span in finding.spans],
        "best": finding.best.plain(),
        "query": finding.query,
        "score": finding.score,
        "confidence": finding.confidence.value if finding.confidence else None,
        "why": finding.why,
    }


def _finding(plain: dict[str, Any]) -> Finding:
    return Finding(
        spans=tuple(map(_span, plain["spans"])),
        best=_span(plain["best"]),
        query=plain["query"],
        score=plain["score"],
        confidence=Confidence(plain["confidence"]) if plain["confidence"] else None,
        why=plain["why"],
    )


def _span(plain: list[str]) -> CaseSpan:
    recording, start, end = plain
    return CaseSpan(recording, Fraction(start), Fraction(end))
