import errno
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gouttes
from gouttes.errors import BadInputError, NewerWorkspaceError, WorkspaceError
from gouttes.settings import BehaviourSettings, Settings, TrustSettings, parse_settings, settings_text
from gouttes.workspace import Workspace, disk_errors, replace_file


@given(name=st.text(min_size=1).filter(str.strip), strength=st.floats(0.001, 1e6), cap=st.integers(1, 1000))
def test_settings_are_read_as_written(name: str, strength: float, cap: int) -> None:
    trust, behaviour = TrustSettings(prior_strength=strength), BehaviourSettings(missed_cap=cap)
    settings = Settings(name=name, currency="CHF", country="CH", trust=trust, behaviour=behaviour)
    assert parse_settings(settings_text(settings)) == settings


def test_overrides_of_evidence_rules_are_kept_by_name() -> None:
    text = '[company]\nname="L"\n[evidence.rules."promise kept"]\nweight=0.5\n'
    assert parse_settings(text).rules == {"promise kept": {"weight": 0.5}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("company]", "not valid TOML"),
        ('[company]\nname="L"\ncurency="EUR"', "Did you mean 'currency'"),
        ('[company]\nname="L"\n[trsut]\nx=1', "Did you mean 'trust'"),
        ('[company]\nname="L"\ncurrency="euro"', "ISO 4217"),
        ('[company]\nname="L"\ntimezone="Europe/Lutetia"', "IANA name"),
        ('[company]\nname="L"\nlanguage="de"', "'fr' or 'en'"),
        ('[company]\nname="L"\n[trust]\nprior_mean=1.5', "between 0 and 1"),
        ('[company]\nname="L"\n[trust]\nprior_strength=0', "above 0"),
        ('[company]\nname="L"\n[behaviour]\nwindow_days=-1', "above 0"),
        ('[company]\nname=" "', "company's name"),
        ("[company]", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_needs(text: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        parse_settings(text)


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(WorkspaceError, match=r"holds other things \(thesis.doc\)"):
        Workspace.create(tmp_path, Settings(name="L"))
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.doc"]


def test_an_interrupted_init_can_be_run_again(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    assert Workspace.create(tmp_path, Settings(name="L")).settings.name == "L"


def test_init_does_not_overwrite_a_workspace(tmp_path: Path) -> None:
    Workspace.create(tmp_path, Settings(name="First"))
    with pytest.raises(WorkspaceError, match="is a workspace already"):
        Workspace.create(tmp_path, Settings(name="Second"))
    assert Workspace.open(tmp_path).settings.name == "First"


def test_a_folder_without_settings_is_not_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="gouttes init"):
        Workspace.open(tmp_path / "nowhere")


def test_a_workspace_of_a_newer_version_is_refused_and_untouched(tmp_path: Path) -> None:
    Workspace.create(tmp_path, Settings(name="L"))
    text = (tmp_path / "gouttes.toml").read_text().replace("format = 1", "format = 9")
    (tmp_path / "gouttes.toml").write_text(text)
    with pytest.raises(NewerWorkspaceError, match="has format 9"):
        Workspace.open(tmp_path)
    assert (tmp_path / "gouttes.toml").read_text() == text


def test_personal_data_is_for_its_owner_only(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, Settings(name="L"))
    assert workspace.people.stat().st_mode & 0o077 == 0


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "gouttes.toml"
    replace_file(target, "old")

    def die(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(WorkspaceError, match="is full"), disk_errors(tmp_path):
        replace_file(target, "new")
    assert target.read_text() == "old"


def test_a_full_disk_is_told_in_words_whoever_met_it(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="make room, then run the same command again"), disk_errors(tmp_path):
        raise RuntimeError("Unable to copy data to file: No space left on device (os error 28)")


def test_other_faults_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="something else"), disk_errors(tmp_path):
        raise RuntimeError("something else")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot be written"), disk_errors(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))


def test_the_package_and_the_project_say_the_same_version() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == gouttes.__version__
