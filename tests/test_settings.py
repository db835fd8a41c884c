"""Settings: defaults, then a TOML file, then variables; mistakes are told by place and key."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from mmrag_video.errors import ExitCode, SettingsError
from mmrag_video.settings import CameraSettings, Settings
from mmrag_video.settings.loading import load_settings


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    import os

    for name in [name for name in os.environ if name.upper().startswith("MMRAG_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path):
    def write(toml: str) -> Path:
        path = tmp_path / "settings.toml"
        path.write_text(toml, encoding="utf-8")
        return path

    return write


def refusal(file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert caught.value.exit_code is ExitCode.USAGE
    return str(caught.value)


def test_without_file_or_variables_the_defaults_hold():
    settings = load_settings()
    assert settings.model.name == "basic"
    assert settings.web.host == "127.0.0.1"
    assert settings.clock.zone == "UTC"
    assert not settings.clock.trust_file_time


def test_the_file_outranks_the_defaults_and_a_variable_outranks_the_file(file, monkeypatch):
    path = file("[search]\nlimit = 5\nrerank = 7")
    assert load_settings(path).search.limit == 5
    monkeypatch.setenv("MMRAG_SEARCH__LIMIT", "9")
    settings = load_settings(path)
    assert (settings.search.limit, settings.search.rerank) == (9, 7)


def test_a_variable_may_name_the_file(file, monkeypatch):
    monkeypatch.setenv("MMRAG_SETTINGS", str(file("[web]\nport = 0")))
    assert load_settings().web.port == 0


def test_the_data_directory_may_start_with_a_tilde(monkeypatch):
    monkeypatch.setenv("MMRAG_DATA_DIR", "~/videos-data")
    assert load_settings().data_dir == Path.home() / "videos-data"


def test_a_camera_is_a_table_under_its_name(file):
    path = file(
        """
        [cameras."front door"]
        zone = "America/New_York"
        clock_offset = -2.5
        region = [[0, 0.5], [1, 0.5], [1, 1], [0, 1]]
        masks = [[[0, 0], [0.2, 0], [0.2, 0.1]]]
        sensitivity = 0
        """
    )
    settings = load_settings(path)
    camera = settings.cameras["front door"]
    assert camera.clock_offset == timedelta(seconds=-2.5)
    sampler = settings.sampler_for("front door")
    assert sampler.region == ((0, 0.5), (1, 0.5), (1, 1), (0, 1))
    assert sampler.masks == (((0, 0), (0.2, 0), (0.2, 0.1)),)
    assert sampler.sensitivity == 0
    assert sampler.interval == settings.sampler.interval


def test_a_camera_without_a_table_is_sampled_as_the_sampler_section_says(file):
    settings = load_settings(file("[sampler]\nheartbeat = 12"))
    assert settings.sampler_for("anything").heartbeat == 12


def test_a_camera_can_be_given_in_one_variable(monkeypatch):
    monkeypatch.setenv("MMRAG_CAMERAS", '{"Gate": {"zone": "Asia/Tokyo"}}')
    assert load_settings().cameras["Gate"].zone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[search]\nlimit = 'many'", "search.limit: Input should be a valid integer"),
        ("[search]\nlimt = 5", "search.limt: there is no such setting"),
        ("[worker]\nquiet = 8", "worker.quiet: 8 is not a list of spans of hours such as"),
        ("[worker]\nquiet = ['8-18']", "worker.quiet.0: '8-18' is not a span of hours such as"),
        ("[worker]\nquiet = '8-18'", "'8-18' is not a span of hours such as 08:00-18:00"),
        ("[serch]\nlimit = 5", "serch: there is no such setting"),
        ("[web]\nport = 70000", "web.port: Input should be less than or equal to 65535"),
        ("[clock]\nzone = 'Lisbon'", "clock.zone: 'Lisbon' is not an IANA time zone"),
        ("[cameras.gate]\nzone = '../etc'", "cameras.gate.zone: '../etc' is not an IANA"),
        ("[cameras.gate]\nregion = [[0, 0], [1, 1]]", "cameras.gate.region: a polygon needs"),
        (
            "[cameras.gate]\nmasks = [[[0, 0], [640, 0], [640, 90]]]",
            "cameras.gate.masks.0: corners are shares",
        ),
        ("[cameras.gate]\npattern = '(?P<time>.*)'", "pattern and time_format go together"),
        (
            "[cameras.gate]\npattern = '(?P<time>'\ntime_format = '%Y%m%d%H%M'",
            "cameras.gate.pattern: '(?P<time>' is not a regular expression",
        ),
        (
            "[cameras.gate]\npattern = 'x(.*)'\ntime_format = '%Y%m%d%H%M'",
            "cameras.gate.pattern: 'x(.*)' has no group (?P<time>...)",
        ),
        (
            "[cameras.gate]\npattern = '(?P<time>.*)'\ntime_format = '%H:%M'",
            "cameras.gate.time_format: '%H:%M' must give the whole date",
        ),
        (
            "[cameras.gate]\npattern = '(?P<time>.*)'\ntime_format = '%Q'",
            "cameras.gate.time_format: '%Q' is not a strptime format",
        ),
    ],
)
def test_a_mistake_is_told_with_the_files_name_and_the_key(file, toml, words):
    path = file(toml)
    sentence = refusal(path)
    assert words in sentence
    assert f"A setting in {path} cannot be used" in sentence
    assert "\n" not in sentence


def test_a_mistake_in_a_variable_is_told_by_the_variables_name(file, monkeypatch):
    monkeypatch.setenv("MMRAG_SEARCH__LIMIT", "many")
    sentence = refusal(file("[web]\nport = 0"))
    assert sentence.startswith("A setting in MMRAG_SEARCH__LIMIT cannot be used: search.limit:")


def test_mistakes_in_both_places_are_told_together(file, monkeypatch):
    monkeypatch.setenv("MMRAG_SEARCH__LIMIT", "many")
    path = file("[web]\nport = -1")
    sentence = refusal(path)
    assert "MMRAG_SEARCH__LIMIT" in sentence
    assert str(path) in sentence


@pytest.mark.parametrize(
    ("variable", "text", "place"),
    [
        ("MMRAG_CAMERAS", "gate", "character 1"),
        ("MMRAG_CAMERAS", '{"Gate": }', "character 10"),
        ("mmrag_model", "{", "character 2"),
        ("MMRAG_MODEL__SERVER", '{"key": "secret', "character 9"),
    ],
)
def test_a_variable_that_should_hold_json_but_does_not_is_told(monkeypatch, variable, text, place):
    monkeypatch.setenv(variable, text)
    monkeypatch.setenv("MMRAG_SEARCH__LIMIT", "5")
    sentence = refusal()
    assert sentence.startswith(f"{variable} must hold JSON")
    assert sentence.endswith(f"at {place}.")
    assert "secret" not in sentence


def test_a_settings_file_that_cannot_be_read_is_told(file, tmp_path):
    assert "No such file" in refusal(tmp_path / "missing.toml")
    assert "Is a directory" in refusal(tmp_path)
    assert "not valid TOML" in refusal(file("limit = ["))


def test_quiet_hours_are_one_span_or_several(file, monkeypatch):
    path = file("[worker]\nquiet = '08:00-18:00'")
    assert load_settings(path).worker.quiet == ("08:00-18:00",)
    path = file("[worker]\nquiet = ['08:00-12:00', '13:00-18:00']")
    assert load_settings(path).worker.quiet == ("08:00-12:00", "13:00-18:00")
    monkeypatch.setenv("MMRAG_WORKER__QUIET", '"22:00-06:00"')
    assert load_settings().worker.quiet == ("22:00-06:00",)


def test_settings_do_not_change_once_loaded():
    settings = Settings(cameras={"gate": CameraSettings()})
    with pytest.raises(ValidationError):
        settings.search.limit = 3
