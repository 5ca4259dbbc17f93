"""Says by digest which images a failing release runs."""

from __future__ import annotations

from daemon.core.case.case import Case
from daemon.core.case.edits import change
from daemon.core.model import Workload
from daemon.core.rollout_facts.image_digests import digest_lines, digests_of


def with_digests(case: Case, workload: Workload | None) -> Case:
    """The case with the containers that run another image than the baseline's pods did.

    The pods of a release run only some time after its case is opened, so that this is asked when it fails.
    """
    differences = case.status.differences
    if differences is None or workload is None or case.spec.in_place:
        return case
    lines = [
        line
        for line in digest_lines(case.status.digests, digests_of(workload, case.spec.revision))
        if line not in differences.lines
    ]
    return change(case, differences=differences.and_also(lines, first=True)) if lines else case
