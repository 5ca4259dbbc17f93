"""Put back what a ConfigMap held when the target was found healthy, before the pods that read it start."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.effect import Effect
from daemon.core.case.steps.step import Draft, Right, Situation, StepKind
from daemon.core.policy import ConfigurationChoice
from daemon.core.rollout_facts.configuration_content import BACKUP, Drift
from daemon.core.rollout_facts.copies import copy_name


def _needed(situation: Situation) -> tuple[Draft, ...]:
    if situation.configuration is not ConfigurationChoice.RESTORE:
        return ()
    return tuple(Draft(subject=drift.name, drift=drift) for drift in situation.drift if drift.restorable)


def _noun(effect: Effect) -> str:
    return f"restoring ConfigMap {_drift(effect).name}"


def _words(case: Case, effect: Effect) -> str:
    drift = _drift(effect)
    made = "make ConfigMap {} again" if drift.gone else "restore ConfigMap {}"
    text = made.format(drift.name)
    if drift.source == "backup":
        return (
            f"{text} from {drift.name}{BACKUP}, for there is no copy of the daemon's own: "
            f"it is not known that {case.status.target} ran with that"
        )
    return f"{text} to what {case.status.target} was found healthy with"


def _commands(case: Case, effect: Effect) -> tuple[str, ...]:
    drift = _drift(effect)
    source = (
        f"{drift.name}{BACKUP}"
        if drift.source == "backup"
        else copy_name(case.spec.workload_uid, drift.name, drift.digest)
    )
    return restoring(case.namespace, drift.name, source, gone=drift.gone)


def restoring(namespace: str, name: str, source: str, *, gone: bool) -> tuple[str, ...]:
    """The command that copies what one ConfigMap holds to another."""
    read = f"kubectl get configmap {source} -n {namespace} -o json"
    keep = "jq '{apiVersion, kind, metadata: {name: \"" + name + "\"}, data, binaryData}'"
    verb = "create" if gone else "replace"
    return (f"{read} | {keep} | kubectl {verb} -n {namespace} -f -",)


def _drift(effect: Effect) -> Drift:
    return effect.drift or Drift(name="(not named)", problem="the ledger does not say which")


def _rights(case: Case, effect: Effect) -> tuple[Right, ...]:
    """A Role cannot limit ``create`` to a name, for the object's name is not known when it is asked."""
    del case
    drift = _drift(effect)
    if drift.gone:
        return (Right(verb="create", resource="configmaps"),)
    return (Right(verb="patch", resource="configmaps", name=drift.name),)


STEP = StepKind(
    kind="restore-configuration",
    marks=False,
    needed=_needed,
    noun=_noun,
    words=_words,
    commands=_commands,
    rights=_rights,
)
