"""Publishing with the real client to a stand-in of Hugging Face."""

from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from which_library import PACKAGE
from which_library.errors import UserError
from which_library.paths import ProjectPaths
from which_library.publishing import check, publish, space
from which_library.publishing.hub import NEW_SPACE, choose_space, upload
from which_library.publishing.space import METADATA_FILE

from .fake_hub import FakeHub, serve_hub

OTHER = {"app.py": b"", "README.md": b""}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with serve_hub() as hub:
        yield hub


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    readme = "---\ncolorFrom: blue\ncolorTo: red\nshort_description: a\npython_version: '3'\nsdk_version: 6.7.0\n---\n"
    folder = tmp_path / "space"
    for name, text in {"README.md": readme, "app.py": "main()", METADATA_FILE: "Name: demo", "empty": ""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_publication_is_one_commit_with_exactly_the_files_of_the_folder(hub: FakeHub, folder: Path) -> None:
    api = HfApi(hub.address, token="hf_ada")  # noqa: S106
    assert upload(api, folder, "ada/demo") == f"{hub.address}/spaces/ada/demo"
    assert hub.spaces["ada/demo"] == contents(folder) | {".gitattributes": b""}
    (folder / "empty").unlink()
    (folder / "app.py").write_text("main([])", encoding="utf-8")
    assert choose_space(api, "ada/demo") == "ada/demo"
    assert upload(api, folder, "ada/demo").endswith("/spaces/ada/demo")
    assert hub.spaces["ada/demo"] == contents(folder) | {".gitattributes": b""}
    assert hub.commits == 2


def test_the_space_has_the_token_s_user_and_the_project_s_name(hub: FakeHub) -> None:
    api = HfApi(hub.address, token="hf_ada")  # noqa: S106
    assert choose_space(api, None) == f"ada/{metadata(PACKAGE)['Name']}"
    assert choose_space(api, "better-name") == "ada/better-name"
    hub.spaces["ada/new"] = dict.fromkeys(NEW_SPACE, b"")
    assert choose_space(api, "new") == "ada/new"


@pytest.mark.parametrize(
    ("token", "name", "message"),
    [
        (None, None, "no token of Hugging Face; .* set HF_TOKEN or run: uv run hf auth login"),
        ("hf_wrong", None, "the token of Hugging Face is not valid"),
        ("hf_ada", "ada/taken", "ada/taken is another Space; choose another name with --space"),
        ("hf_ada", "grace/demo", r"the token may not write to grace/demo \(You don't have the rights"),
        ("hf_ada", "ada/../demo", "Repo id must"),
    ],
)
def test_a_token_or_a_name_that_does_not_work_is_one_line(
    hub: FakeHub, folder: Path, token: str | None, name: str | None, message: str
) -> None:
    hub.spaces["ada/taken"] = OTHER
    with pytest.raises(UserError, match=message) as refused:
        upload(api := HfApi(hub.address, token=token), folder, choose_space(api, name))
    assert "\n" not in str(refused.value)
    assert hub.spaces == {"ada/taken": OTHER}


@pytest.mark.parametrize("request_path", ["whoami-v2", "repos/create", "validate-yaml", "/commit/"])
def test_a_network_that_breaks_publishes_nothing(hub: FakeHub, folder: Path, request_path: str) -> None:
    api = HfApi(hub.address, token="hf_ada")  # noqa: S106
    hub.breaks_at = request_path
    with pytest.raises(UserError, match=r"Hugging Face can't be reached .* nothing was published") as refused:
        upload(api, folder, choose_space(api, "demo"))
    assert "\n" not in str(refused.value)
    assert hub.spaces == {}


def test_settings_that_the_hub_rejects_are_one_line(hub: FakeHub, folder: Path) -> None:
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("blue", "blau"), encoding="utf-8")
    with pytest.raises(UserError, match=r"Invalid metadata in README.md. - colorFrom"):
        upload(HfApi(hub.address, token="hf_ada"), folder, "ada/demo")  # noqa: S106
    assert hub.spaces == {}


def test_the_command_checks_uploads_and_writes_the_address(
    hub: FakeHub, project: ProjectPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked: list[Path] = []
    readme = project.root / "README.md"
    before = readme.read_text(encoding="utf-8")
    monkeypatch.setattr(space, "resolve_requirements", lambda _: "gradio==6.7.0\n")
    monkeypatch.setattr(publish, "HfApi", lambda: HfApi(hub.address, token="hf_ada"))  # noqa: S106
    monkeypatch.setattr(check, "check", checked.append)
    try:
        readme.write_text("# Demo\n\nAn introduction.\n\n## Results\n", encoding="utf-8")
        publish.main(["--space", "ada/demo"], project)
        address = f"{hub.address}/spaces/ada/demo"
        for _ in range(2):
            text = readme.read_text(encoding="utf-8")
            assert text.count(f"]({address})") == 1
            publish.write_address(readme, address)
        assert text.startswith(f"# Demo\n\nAn introduction.\n\n{publish.START}\n")
        assert text.endswith(f"{publish.END}\n\n## Results\n")
    finally:
        readme.write_text(before, encoding="utf-8")
    captured = capsys.readouterr()
    assert captured.out == f"{address}\n"
    assert "no commit has the code and the parameters of the champion" in captured.err
    assert checked == [project.cache("space")]
    assert f"thumbnail: {space.HUB}/spaces/ada/demo/resolve/".encode() in hub.spaces["ada/demo"]["README.md"]


def test_a_dry_run_uploads_nothing_and_prints_the_folder(
    project: ProjectPaths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(space, "resolve_requirements", lambda _: "gradio==6.7.0\n")
    monkeypatch.setattr(publish, "HfApi", None)
    publish.main(["--dry-run", "--no-check", "--output", str(tmp_path / "out")], project)
    assert capsys.readouterr().out == f"{tmp_path / 'out'}\n"
    assert (tmp_path / "out/app.py").exists()
    with pytest.raises(SystemExit, match=r"No trained model: .* Run: uv run dvc repro"):
        publish.main(["--dry-run"], ProjectPaths(tmp_path))
