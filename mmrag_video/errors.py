"""What can go wrong, as one sentence for a person and one exit code for a script."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """The exit codes of every command. 2 is also what click uses for a mistyped option."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SOME_RECORDINGS_FAILED = 3
    NO_CONFIDENT_MATCH = 4
    INDEX_MADE_OTHERWISE = 5
    EVIDENCE_CHANGED = 6
    INTERRUPTED = 130


class MmragError(Exception):
    """Base of every error a user may meet: its text says what is wrong, where, and what to do."""

    exit_code = ExitCode.FAILED


class UsageError(MmragError):
    """The request itself cannot be carried out as asked."""

    exit_code = ExitCode.USAGE


class FieldProblemsError(UsageError):
    """What somebody filled in cannot be taken as it is."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        """`problems`: a sentence for each field that is wrong, by the field's name."""
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class SettingsError(UsageError):
    """A settings file or an `MMRAG_...` variable holds something that cannot be used."""


class DataDirectoryError(MmragError):
    """The data directory cannot be made or written to; perhaps not yet: a disk is mounted later."""


class RecordingError(MmragError):
    """One recording cannot be read; the others are not touched by it."""


class DecoderError(RecordingError):
    """The decoding process died or stopped answering."""


class ModelError(MmragError):
    """A model cannot be loaded, or was asked for something it cannot do."""


class ModelSettingsError(ModelError):
    """The settings ask for a model that there is not, or for what this model cannot do."""

    exit_code = ExitCode.USAGE


class StoreError(MmragError):
    """The frame store cannot be started, reached or written."""


class CatalogError(MmragError):
    """The catalog cannot be opened, or is newer than this program."""


class IndexMismatchError(MmragError):
    """The index was made by another model or with other sampler settings."""

    exit_code = ExitCode.INDEX_MADE_OTHERWISE


class ErrorKind(StrEnum):
    """What a failure was about, for those who count failures."""

    RECORDING = "recording"
    """The file itself: it cannot be read, or is gone."""
    DECODER = "decoder"
    """The decoding process died or hung over it."""
    MODEL = "model"
    STORE = "store"
    CATALOG = "catalog"
    FILES = "files"
    """The system refused to read or write: a full disk, a folder that may not be written to."""
    OTHER = "other"
    """Unforeseen, or not said."""


# The first class that fits counts.
_KINDS: tuple[tuple[type[BaseException], ErrorKind], ...] = (
    (DecoderError, ErrorKind.DECODER),
    (RecordingError, ErrorKind.RECORDING),
    (ModelError, ErrorKind.MODEL),
    (StoreError, ErrorKind.STORE),
    (CatalogError, ErrorKind.CATALOG),
    (DataDirectoryError, ErrorKind.FILES),
    (OSError, ErrorKind.FILES),
)


def kind_of(error: BaseException) -> ErrorKind:
    """What a failure was about."""
    return next((kind for type_, kind in _KINDS if isinstance(error, type_)), ErrorKind.OTHER)
