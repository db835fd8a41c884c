"""Reading the project's own Markdown: sections, tables, blocks of code, anchors."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    path for place in ("*.md", "docs/*.md", "benchmarks/**/*.md") for path in ROOT.glob(place)
)
_CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def named(path: Path) -> str:
    """A path as a test's report shows it."""
    return str(path.relative_to(ROOT))


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(_CODE, "", text)


def headings(text: str) -> list[str]:
    return re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE)


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of the same or a higher level."""
    # A comment in a shell example looks like a heading.
    plain = re.sub(_CODE, lambda block: block[0].replace("#", " "), text)
    match = re.search(rf"^(#+) {re.escape(heading)}$", plain, flags=re.MULTILINE)
    assert match is not None, f"there is no heading {heading!r}"
    end = re.compile(rf"^#{{1,{len(match[1])}}} ", re.MULTILINE).search(plain, match.end())
    return text[match.end() : end.start() if end else None]


def table(text: str, head: str) -> list[list[str]]:
    """The rows of all tables whose first column has this head, as cells."""
    found = re.findall(rf"^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n?)+)", text, flags=re.MULTILINE)
    lines = [line for body in found for line in body.splitlines()]
    assert lines, f"there is no table of {head!r}"
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def first_column(text: str, head: str) -> set[str]:
    return {name for cells in table(text, head) for name in code(cells[0])}


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
