"""Every kind of step and how it is carried out; the kinds are those of :mod:`daemon.core.case.plan`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.engine.steps import (
    await_owner,
    back_up_database,
    check_database,
    downgrade_database,
    feature_flag,
    gates,
    restart,
    restore_configuration,
    resume_owner,
    rollback,
    set_back_in_git,
    suspend_owner,
)
from daemon.engine.steps.step import Act

ACTS: Final[Mapping[str, Act]] = {
    "gates": gates.check,
    "feature-flag": feature_flag.switch_off,
    "check-database": check_database.check_version,
    "back-up-database": back_up_database.back_up,
    "downgrade-database": downgrade_database.downgrade,
    "suspend-owner": suspend_owner.suspend,
    "await-owner": await_owner.look,
    "set-back-in-git": set_back_in_git.set_back,
    "restore-configuration": restore_configuration.restore,
    "rollback": rollback.roll_back,
    "restart": restart.restart_target,
    "resume-owner": resume_owner.resume,
}
