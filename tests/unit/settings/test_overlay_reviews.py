"""Where an overlay's commit is reviewed: what is missing or cannot be meant is one sentence with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.settings import SettingsError, load

BASE = """
workloads:
  - {namespace: shop, name: portal, signals: [], owner: git, overlay: production}
overlays:
  - name: production
    url: URL
    review: {service: github}
"""


def written(folder: Path, review: str = "{service: github}", url: str = "https://github.com/a/b.git") -> Path:
    path = folder / "rollbackd.yaml"
    path.write_text(BASE.replace("{service: github}", review).replace("URL", url))
    return path


@pytest.mark.parametrize(
    ("review", "url", "said"),
    [
        ("{service: github}", "https://github.com/a/b", "set token_file, or the overlay's password_file"),
        ("{service: bitbucket}", "https://github.com/a/b", "github"),
        ("{service: gitlab, project: infra}", "https://gl/a/b", "write owner/name"),
        ("{service: gitlab, token_file: /nowhere}", "https://gl/a/b", "/nowhere"),
        ("{service: gitlab, api: 'https://u:p@gl/api'}", "https://gl/a/b", "must not carry a password"),
    ],
)
def test_a_review_that_cannot_be_asked_for_is_refused(
    tmp_path: Path, review: str, url: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, review, url), {}, {})
    assert said in "\n".join(map(str, caught.value.problems))


@pytest.mark.parametrize("url", ["ssh://git@host/group/name.git", "git@github.com:platform/infra.git"])
def test_ssh_is_refused_with_the_address_to_write_instead(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(written(tmp_path, url=url), {}, {})
    said = "\n".join(map(str, caught.value.problems))
    assert "Git is not spoken over SSH" in said
    assert "https://host/group/name.git" in said


def test_the_overlays_password_is_its_token_unless_there_is_another(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret")
    path = written(tmp_path)
    path.write_text(path.read_text() + f"    username: bot\n    password_file: {tmp_path / 'password'}\n")
    [overlay] = load(path, {}, {}).overlays
    assert overlay.review is not None
    assert (overlay.review.before_merge, overlay.review.token_file) == ("wait", None)


DATABASE = """
migrations:
  - name: plans
    downgrade: allowed
    version_command: {job: {command: [version]}}
    backup_command: {job: {command: [backup]}}
    downgrade_command: {job: {command: [downgrade, "{revision}"]}}
"""


@pytest.mark.parametrize(("before_merge", "problems"), [("wait", 1), ("act", 0)])
def test_a_database_is_not_taken_back_while_a_merge_is_waited_for(
    tmp_path: Path, before_merge: str, problems: int
) -> None:
    (tmp_path / "token").write_text("secret")
    review = f"{{service: github, token_file: {tmp_path / 'token'}, before_merge: {before_merge}}}"
    path = written(tmp_path, review)
    path.write_text(path.read_text().replace("overlay: prod", "migration: plans, overlay: prod") + DATABASE)
    if not problems:
        load(path, {}, {})
        return
    with pytest.raises(SettingsError) as caught:
        load(path, {}, {})
    [problem] = caught.value.problems
    assert "production waits for a merge after the database of plans was taken back" in str(problem)
    assert "before_merge: act" in str(problem)
