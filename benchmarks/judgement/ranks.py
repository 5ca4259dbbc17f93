"""Mann-Whitney's test in the two forms that peers use."""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from .scene import Floats


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared: Floats = ((ends - counts + 1 + ends) / 2)[inverse]
    return shared


@cache
def _arrangements(size: int, chosen: int) -> npt.NDArray[np.int64]:
    return np.array(list(combinations(range(size), chosen)), dtype=np.int64)


def greater_p(experiment: Floats, control: Floats) -> float | None:
    """P-value of "the experiment's values are not greater", over all arrangements; ``None``: all are equal.

    As pipecd's ``mannwhitney.go`` has it (from Go's x/perf): 1 - CDF(U - 1), ties counted exactly.
    """
    both = np.concatenate((experiment, control))
    if np.ptp(both) == 0:
        return None
    ranks = _ranks(both)
    sums = ranks[_arrangements(both.size, experiment.size)].sum(axis=1)
    return float(np.mean(sums > ranks[: experiment.size].sum() - 1 + 1e-9))


def clearly_higher(experiment: Floats, control: Floats, confidence: float, tolerance: float) -> bool:
    """Whether the confidence interval of the shift lies above ``tolerance`` times its estimate.

    As Kayenta's ``MannWhitneyClassifier``: the interval is R's asymptotic one (``wilcox.test`` with
    continuity correction), whose lower end is where the standardized statistic falls to the quantile, or the
    least difference where it never reaches it; the estimate is Hodges and Lehmann's.
    """
    differences = experiment[:, None] - control[None, :]
    bound = tolerance * abs(float(np.median(differences)))
    least = float(differences.min())
    if least > bound:
        return True
    statistic = _standardized(experiment - bound, control)
    return statistic is not None and statistic > _quantile(confidence)


def _standardized(moved: Floats, control: Floats) -> float | None:
    n, m = moved.size, control.size
    both = np.concatenate((moved, control))
    off = float(_ranks(both)[:n].sum()) - n * (n + 1) / 2 - n * m / 2
    ties = np.unique(both, return_counts=True)[1].astype(np.float64)
    variance = n * m / 12 * ((n + m + 1) - float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return None
    return (off - math.copysign(0.5, off) * (off != 0)) / math.sqrt(variance)


@cache
def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(1 - (1 - confidence) / 2)
