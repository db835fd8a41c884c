"""The page "Recordings arrive": in a real Chromium, and as a browser without JavaScript asks it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.settings import SourceSettings
from tests.browser import NARROW, served, watched_context
from tests.page_archive import HOSTILE_CAMERA
from tests.page_client import LOCAL, get, words_of
from tests.queued import WORKER, fail_next, run_next, wait_in_line
from web.app import create_app

pytestmark = pytest.mark.toy_model


@pytest.fixture
def context(browser: Browser, archive: Archive) -> Iterator[BrowserContext]:
    with served(archive) as address, watched_context(browser, address) as watched:
        yield watched


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def nvr(tmp_path: Path) -> Path:
    folder = tmp_path / "nvr"
    folder.mkdir()
    return folder


@pytest.fixture
def asker(archive: Archive) -> FlaskClient:
    return create_app(archive).test_client()


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(path, data=fields, base_url=LOCAL, headers={"Origin": LOCAL})


# In the browser


def test_a_source_is_added_and_removed(page: Page, archive: Archive, nvr: Path) -> None:
    page.goto("/")
    page.get_by_text("System", exact=True).click()
    page.get_by_role("link", name="Recordings arrive").click()
    page.get_by_label("Name", exact=True).fill("Front door")
    page.get_by_label("Folder", exact=True).fill(str(nvr))
    page.get_by_label("Always this camera").fill("door")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("None of these paths").fill("a/*\n\n b/*.mp4 ")
    page.get_by_label("Written to since").fill("2026-03-01T12:00")
    page.get_by_label("Take files that still grow").check()
    page.get_by_role("button", name="Add the source").click()
    listed = page.get_by_role("region", name="Sources").get_by_role("listitem")
    expect(listed).to_contain_text(["Front door"])
    expect(listed).to_contain_text("Camera door · every 10 min")
    source = archive.catalog.sources.all()["Front door"]
    assert (source.folder, source.camera, source.ignore) == (nvr, "door", ("a/*", "b/*.mp4"))
    assert source.live and source.recursive and source.watch and source.since is not None
    page.get_by_role("button", name="Remove Front door").click()
    expect(page.get_by_text("No folder is watched yet.")).to_be_visible()
    assert archive.catalog.sources.all() == {}


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    page: Page, nvr: Path
) -> None:
    page.goto("/work")
    page.get_by_label("Name", exact=True).fill("nvr")
    page.get_by_label("Folder", exact=True).fill(str(nvr / "nowhere"))
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Sensitivity").fill("3")
    page.get_by_label("Which come first").select_option("the oldest")
    page.get_by_role("button", name="Add the source").click()
    folder = page.get_by_label("Folder", exact=True)
    expect(folder).to_have_accessible_description(re.compile("cannot be looked at: No such file"))
    expect(folder).to_have_value(str(nvr / "nowhere"))
    expect(page.get_by_label("Sensitivity")).to_be_visible()
    expect(page.get_by_label("Sensitivity")).to_have_accessible_description(re.compile("than or"))
    expect(page.get_by_label("Which come first")).to_have_value("oldest")


def test_a_failure_is_shown_with_its_reason_and_tried_again(page: Page, archive: Archive) -> None:
    wait_in_line(archive.catalog, Path("/nvr/broken.mp4"), Path("/nvr/other.mp4"))
    job = fail_next(archive.catalog, "The recording /nvr/broken.mp4 is damaged.")
    page.goto("/work")
    failed = page.locator(".jobs.failed li")
    expect(failed).to_contain_text("The recording /nvr/broken.mp4 is damaged.")
    expect(failed).to_contain_text("tried 1 time · set aside")
    page.get_by_role("button", name="Try broken.mp4 again").click()
    expect(failed).to_have_count(0)
    again = archive.catalog.jobs.job(job.id)
    assert again is not None and again.state is JobState.WAITING


def test_the_worker_is_paused_and_goes_on(page: Page, archive: Archive) -> None:
    page.goto("/work")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused. No worker has run yet.")).to_be_visible()
    assert archive.catalog.worker.read().paused
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert not archive.catalog.worker.read().paused


def test_the_page_follows_the_queue_by_itself_and_keeps_what_is_typed(
    page: Page, archive: Archive
) -> None:
    page.goto("/work")
    page.get_by_label("Name", exact=True).fill("half a na")
    page.get_by_role("button", name="Pause").focus()
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"))
    archive.catalog.worker.say(WORKER, "Ingesting a.mp4")
    run_next(archive.catalog, done=150, total=600)
    bar = page.get_by_role("progressbar", name="a.mp4")
    expect(bar).to_have_js_property("position", 0.25)
    expect(page.get_by_text(f"Worker {WORKER}: Ingesting a.mp4")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("half a na")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()


def test_a_page_whose_server_is_gone_says_so_and_comes_back(page: Page, archive: Archive) -> None:
    page.route("**/queue/events", lambda route: route.abort())
    page.goto("/work")
    page.route("**/work", lambda route: route.abort())
    expect(page.get_by_text("The page’s server does not answer")).to_be_visible()
    page.unroute("**/work")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_it_fits_a_telephone(page: Page, archive: Archive, nvr: Path) -> None:
    long = "x" * 70
    archive.catalog.sources.put(long, SourceSettings(folder=nvr / long / long))
    wait_in_line(archive.catalog, Path(f"/nvr/{long * 2}.mp4"), Path(f"/nvr/{long * 2}2.mp4"))
    fail_next(archive.catalog, f"The recording /nvr/{long * 2}.mp4 is damaged.")
    run_next(archive.catalog, done=1, total=2)
    page.set_viewport_size(NARROW)
    page.goto("/work")
    page.get_by_text("More", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


# Without JavaScript


def test_every_button_leads_back_to_the_page(
    asker: FlaskClient, archive: Archive, nvr: Path
) -> None:
    answers = [
        post(asker, "/sources", name="nvr", folder=str(nvr), recursive="on"),
        post(asker, "/queue/pause"),
        post(asker, "/queue/resume"),
        post(asker, "/queue/retry"),
        post(asker, "/sources/remove", name="nvr"),
    ]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {
        (303, "/work")
    }


def test_the_form_as_it_stands_means_the_defaults(
    asker: FlaskClient, archive: Archive, nvr: Path
) -> None:
    form = words_of(get(asker, "/work")).partition('class="panel source-form"')[2]
    inputs = re.findall(r'<input id="[^"]+" name="(\w+)" value="([^"]*)"', form)
    ticked = dict.fromkeys(re.findall(r'type="checkbox" name="(\w+)" checked', form), "on")
    chosen = {"camera_from": "name", "order": "newest", "gone": "mark"}
    sent = {**dict(inputs), **ticked, **chosen, "name": "nvr", "folder": str(nvr)}
    assert post(asker, "/sources", **sent).status_code == 303
    assert archive.catalog.sources.all() == {"nvr": SourceSettings(folder=nvr)}


def test_a_refused_source_is_status_400_with_its_sentence(
    asker: FlaskClient, archive: Archive
) -> None:
    refused = post(asker, "/sources", name="nvr", folder="relative")
    assert refused.status_code == 400
    assert "The folder relative must be given from the root" in words_of(refused)
    assert archive.catalog.sources.all() == {}


def test_all_that_failed_is_tried_again(asker: FlaskClient, archive: Archive) -> None:
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"), Path("/nvr/b.mp4"))
    fail_next(archive.catalog, "Damaged.")
    fail_next(archive.catalog, "Gone.", again=timedelta(hours=1))
    assert words_of(get(asker, "/work")).count(">Try again<") == 2
    post(asker, "/queue/retry")
    assert archive.catalog.jobs.failed() == []
    assert [job.attempts for job in archive.catalog.jobs.untried()] == [0, 0]


@pytest.mark.parametrize("job", ["", "x", "-1", "1.5", "9" * 40, "²"])
def test_what_is_no_job_is_refused(asker: FlaskClient, job: str) -> None:
    assert post(asker, "/queue/retry", job=job).status_code == 400


def test_a_source_of_the_settings_has_no_button_and_stays(archive: Archive, nvr: Path) -> None:
    own = {"sources": {"nvr": SourceSettings(folder=nvr)}}
    archive.settings = archive.settings.model_copy(update=own)
    client = create_app(archive).test_client()
    page = words_of(get(client, "/work"))
    assert "from the settings" in page and "Remove" not in page
    refused = post(client, "/sources/remove", name="nvr")
    assert refused.status_code == 400 and "take [sources.nvr] out there" in words_of(refused)


def test_names_are_shown_as_text_only(asker: FlaskClient, archive: Archive, nvr: Path) -> None:
    archive.catalog.sources.put(HOSTILE_CAMERA, SourceSettings(folder=nvr / HOSTILE_CAMERA))
    wait_in_line(archive.catalog, nvr / f"{HOSTILE_CAMERA}.mp4", nvr / f"2{HOSTILE_CAMERA}.mp4")
    fail_next(archive.catalog, HOSTILE_CAMERA)
    run_next(archive.catalog)
    archive.catalog.worker.say(HOSTILE_CAMERA, HOSTILE_CAMERA)
    for answer in (
        get(asker, "/work"),
        post(asker, "/sources", name=HOSTILE_CAMERA, folder=HOSTILE_CAMERA, since="<b>"),
    ):
        assert "<img src=x" not in answer.get_data(as_text=True)
        assert "<img src=x onerror" in words_of(answer)


@pytest.mark.parametrize(
    "path", ["/queue/pause", "/queue/resume", "/queue/retry", "/sources", "/sources/remove"]
)
def test_no_other_web_site_can_press_a_button(
    asker: FlaskClient, archive: Archive, path: str
) -> None:
    foreign = asker.post(path, base_url=LOCAL, headers={"Origin": "https://attacker.example"})
    assert foreign.status_code == 403
    assert not archive.catalog.worker.read().paused
    assert get(asker, path).status_code == 405
