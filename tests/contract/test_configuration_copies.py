"""The contract of the ports ``ConfigurationCopies`` and ``ConfigurationRestorer``."""

from __future__ import annotations

import pytest

from daemon.core.case.effect import EffectOutcome
from daemon.core.rollout_facts.configuration import Reference
from daemon.core.rollout_facts.configuration_content import Drift
from daemon.core.rollout_facts.copies import copy_name
from daemon.ports import Rejected, RollbackResult
from tests.contract.drivers import ConfigurationDriver

CONFIG = Reference(kind="ConfigMap", name="heat-config")
BACKUP = Reference(kind="ConfigMap", name="heat-config-backup")


def kept(configured: ConfigurationDriver, value: str = "good") -> str:
    """The digest of a content that the ConfigMap holds, and of which there is a copy."""
    configured.write(CONFIG, value)
    digest = configured.copies.look(configured.namespace, CONFIG.name).digest
    assert configured.copies.keep(*configured.owner, CONFIG.name, digest)
    return digest


def drifted(configured: ConfigurationDriver, digest: str, *, backup: bool = False) -> Drift:
    seen = configured.copies.look(configured.namespace, CONFIG.name).version
    return Drift(name=CONFIG.name, seen=seen, digest=digest, source="backup" if backup else "copy")


def restore(configured: ConfigurationDriver, drift: Drift, token: str = "case/1") -> RollbackResult:
    return configured.restorer.restore(*configured.owner, drift, token)


def digest_now(configured: ConfigurationDriver) -> str:
    return configured.copies.look(configured.namespace, CONFIG.name).digest


def test_what_is_not_there_is_absent_and_not_kept(configured: ConfigurationDriver) -> None:
    assert configured.copies.look(configured.namespace, CONFIG.name).absent
    assert not configured.copies.keep(*configured.owner, CONFIG.name, "d")
    assert not configured.copies.kept(*configured.owner, CONFIG.name, "d")


def test_equal_contents_have_one_digest_and_each_write_a_version(configured: ConfigurationDriver) -> None:
    look, seen = configured.copies.look, []
    for value in ("one", "two", "one"):
        configured.write(CONFIG, value)
        seen.append(look(configured.namespace, CONFIG.name))
    assert seen[0].digest == seen[2].digest != seen[1].digest
    assert len({state.version for state in seen}) == 3
    version = configured.configuration.version(configured.namespace, CONFIG).version
    assert seen[2].version == version, "both ports call one version by one name"
    assert seen[2].keys, "it says which keys it has, and not what they hold"
    assert seen[2].keys == seen[1].keys
    assert seen[2].written_at is not None
    assert "kubectl" in seen[2].changed_by


def test_a_copy_is_kept_found_and_dropped_as_often_as_asked(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    assert configured.copies.keep(*configured.owner, CONFIG.name, digest)
    assert configured.copies.kept(*configured.owner, CONFIG.name, digest)
    configured.copies.drop(*configured.owner, CONFIG.name, digest)
    configured.copies.drop(*configured.owner, CONFIG.name, digest)
    assert not configured.copies.kept(*configured.owner, CONFIG.name, digest)


def test_what_differs_from_a_copy_is_told_by_key_and_not_by_value(configured: ConfigurationDriver) -> None:
    configured.write(CONFIG, "one")
    digest = digest_now(configured)
    assert configured.copies.compare(*configured.owner, CONFIG.name, digest) is None, "there is no copy"
    assert configured.copies.keep(*configured.owner, CONFIG.name, digest)
    assert configured.copies.compare(*configured.owner, CONFIG.name, digest) == ()
    configured.write(CONFIG, "two")
    found = configured.copies.compare(*configured.owner, CONFIG.name, digest)
    assert found is not None
    [line] = found
    assert line.startswith(f"ConfigMap {CONFIG.name}, key ")
    assert line.endswith(": changed")
    configured.remove(CONFIG)
    assert configured.copies.compare(*configured.owner, CONFIG.name, digest) is None


def test_only_the_content_that_was_seen_is_kept(configured: ConfigurationDriver) -> None:
    configured.write(CONFIG, "one")
    digest = digest_now(configured)
    configured.write(CONFIG, "two")
    assert not configured.copies.keep(*configured.owner, CONFIG.name, digest)


def test_what_is_too_large_is_not_kept(configured: ConfigurationDriver) -> None:
    configured.write(CONFIG, "x" * 600_000)
    with pytest.raises(Rejected, match="no more than 524288"):
        configured.copies.keep(*configured.owner, CONFIG.name, digest_now(configured))


def test_a_changed_one_is_restored_and_found_restored(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.write(CONFIG, "bad")
    drift = drifted(configured, digest)
    first = restore(configured, drift)
    assert (first.outcome, first.already, digest_now(configured)) == (EffectOutcome.DONE, False, digest)
    version = configured.copies.look(configured.namespace, CONFIG.name).version
    again = restore(configured, drift)
    assert (again.outcome, again.already) == (EffectOutcome.DONE, True)
    assert configured.copies.look(configured.namespace, CONFIG.name).version == version


def test_one_that_is_gone_is_made_again(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.remove(CONFIG)
    assert restore(configured, drifted(configured, digest)).outcome is EffectOutcome.DONE
    assert digest_now(configured) == digest


def test_what_somebody_wrote_in_between_is_not_overwritten(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.write(CONFIG, "bad")
    drift = drifted(configured, digest)
    configured.write(CONFIG, "by hand")
    by_hand = digest_now(configured)
    ended = restore(configured, drift)
    assert ended.outcome is EffectOutcome.SUPERSEDED
    assert "was changed by kubectl" in ended.detail
    assert digest_now(configured) == by_hand


def test_what_somebody_wrote_after_the_restoring_is_said_to_be_that(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.write(CONFIG, "bad")
    drift = drifted(configured, digest)
    restore(configured, drift)
    configured.write(CONFIG, "by hand")
    ended = restore(configured, drift)
    assert ended.outcome is EffectOutcome.SUPERSEDED
    assert "after it was restored" in ended.detail


def test_one_that_was_deleted_or_made_in_between_is_left_so(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.write(CONFIG, "bad")
    drift = drifted(configured, digest)
    configured.remove(CONFIG)
    assert restore(configured, drift).outcome is EffectOutcome.SUPERSEDED
    gone = drifted(configured, digest)
    configured.write(CONFIG, "made")
    assert restore(configured, gone).outcome is EffectOutcome.SUPERSEDED


def test_without_a_copy_it_is_refused(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.spoil_copy(copy_name(configured.owner[1], CONFIG.name, digest))
    configured.write(CONFIG, "bad")
    ended = restore(configured, drifted(configured, digest))
    assert (ended.outcome, "there is no copy" in ended.detail) == (EffectOutcome.REFUSED, True)


def test_an_immutable_one_is_refused(configured: ConfigurationDriver) -> None:
    digest = kept(configured)
    configured.remove(CONFIG)
    configured.write(CONFIG, "other", immutable=True)
    assert configured.copies.look(configured.namespace, CONFIG.name).immutable
    ended = restore(configured, drifted(configured, digest))
    assert (ended.outcome, "is immutable" in ended.detail) == (EffectOutcome.REFUSED, True)


def test_a_backup_is_put_back_while_it_is_what_it_was(configured: ConfigurationDriver) -> None:
    configured.write(BACKUP, "older")
    digest = configured.copies.look(configured.namespace, BACKUP.name).digest
    configured.write(CONFIG, "bad")
    drift = drifted(configured, digest, backup=True)
    configured.write(BACKUP, "other")
    assert restore(configured, drift).outcome is EffectOutcome.REFUSED
    configured.write(BACKUP, "older")
    assert restore(configured, drift).outcome is EffectOutcome.DONE
    assert digest_now(configured) == digest
