"""Every number that the judgement depends on, with its meaning and its reason.

**One scale.** How strong evidence must be is said in the grades of Kass and Raftery ("Bayes factors", Journal
of the American Statistical Association 1995, 90(430), 3.2), as the natural logarithm of the odds (nats):

=================  ==========  =========
grade              odds        nats
=================  ==========  =========
``POSITIVE``       3 to 1      1.1
``STRONG``         20 to 1     3.0
``VERY_STRONG``    150 to 1    5.0
=================  ==========  =========

An e-value, a likelihood ratio and a Bayes factor are all odds and use the same grades. Independent odds
multiply, so grades add: ``VERY_STRONG + STRONG`` is 150 to 1 after a charge of 20 for the moments that chance
could choose from.

A threshold off the scale names what of the judgement benchmark (``make bench-judgement``) gets worse with a
grade. Sections: scale, error budget, e-process, change point, baseline, signal state, attribution, judge,
and how finely numbers are worked out.
"""

from __future__ import annotations

import math
from datetime import timedelta

# ---------------------------------------------------------------- the scale

POSITIVE = math.log(3)
STRONG = math.log(20)
VERY_STRONG = math.log(150)
DECADE = math.log(10)
"""Nats in a factor of ten: evidence is shown to people in powers of ten."""

# ---------------------------------------------------------------- error budget of one watch

FAMILY_ALPHA = 0.01
"""The chance that a watch convicts a healthy release; the signals share it equally."""
LIMIT_LEVEL = STRONG
"""Against the operator's limit (nats). It may be milder than the test against the baseline beside it."""
PROOF_LEVEL = STRONG
"""Of the claim that a rate is under its limit (nats)."""
CONTRADICTION_LEVEL = STRONG
"""Of the claim that a service still fails after its rollback (nats)."""

# ---------------------------------------------------------------- e-process

EFFECTS = (1.2, 1.5, 2.2, 3.5, 6.0, 15.0, 100.0)
"""Odds ratios of the mixture, from barely over the bound to nearly everything failing."""
WEIGHTS = (0.25, 0.05, 0.15, 0.25, 0.06, 0.14, 0.10)
"""Their prior: more of it on what is barely over the bound, which takes longest to find, and on what the
first scrapes can just tell; less on what shows anyway."""
BETTER_EFFECTS = (1.5, 3.0, 10.0, 1000.0)
"""Odds ratios of the mixture below a bound, which shows that a rate is under it."""
KNOWN_RATE = 0.5
"""That mixture's prior of the baseline's own rate; the rest is spread evenly."""
ROUND = 15.0
"""Seconds that count as one round of scrapes: the usual interval, and the least time that tells a failure
from a hiccup."""
JITTER = 1.0
"""Seconds by which scrapes may come early: the same pod's next one belongs to the next round."""
OPENING = 20.0
"""Seconds from the new pods' first request in which evidence is not capped: a first scrape is mostly a part
of an interval, and the first whole one must be able to decide."""
CAP = 3.4
"""Nats that one round may bring after the opening. Four bad rounds decide, three do not."""
BEGAN_BADLY = 2.5
"""How many times that one round may bring for a failure that the opening showed already: it is no burst."""
HALF_SPENT = 20 * ROUND
"""Seconds after which half of the later moments' prior is spent."""
LONGEST_ROUNDS = 2.0
"""Rounds that one scrape may count for, where scrapes are further apart than a round."""
AT_ONCE = 0.8
"""Prior of a failure that begins with the first request."""
LATER = 1 - AT_ONCE
"""Prior of a failure that begins at any later moment."""

# ---------------------------------------------------------------- change point

CHANGED = VERY_STRONG
"""Log likelihood ratio (nats) that makes a change."""
INTERVAL = 1.92
"""Log likelihood (nats) below the best that still belongs to an interval: half the 95 % quantile of
chi-square with one degree of freedom. The width of an interval is no strength of evidence."""
ONE_CHANCE_EVENT = 6.0
"""Log likelihood (nats) that one chance event before the failure may bring at most, where the usual rate is
0.25 % or more. Off the scale: it guards against bursts, and "very strong" asks less; it finds "later to 20%,
5/s" sooner, and the healthy bursts are not measured often enough with it."""
RATE_FLOOR = 0.001
"""A baseline without one bad event is taken for this rate, so that a single one does not weigh too much."""

# ---------------------------------------------------------------- baseline

STEADY = 8
"""Degrees of freedom that the belief in independent events is worth, where the baseline shows little."""
LEAST_FREEDOM = 4
"""Degrees of freedom below which a dispersion is not estimated."""
DISPERSION_SPANS = (1, 2, 4, 8)
"""Lengths of the spans that the dispersion is taken over, in rounds: bursts last longer than a round."""
STANDS_OUT = 2.0
"""Standard errors by which a longer span's dispersion must exceed the shorter ones' to count."""
CLUMPS = 6.0
"""The most that a dispersion of what recurs can be: what comes in larger clumps has a length, and the replay
measures that."""
REPLAYED_SPANS = (1, 2, 3, 4, 6, 8, 12)
"""Lengths of the replayed spans, in rounds: a quarter of a minute to three minutes."""
MARGIN = 0.4
"""Part of the evidence needed for a conviction that the baseline may reach. Bursts vary: the next may be
twice as long as the longest seen."""
THINNINGS = tuple([1.5**step for step in range(35)])
"""Tried one after the other, up to a million: a busy service fails ten thousand requests in one burst."""

# ---------------------------------------------------------------- signal state

NOT_RESET = 0.8
"""A counter that keeps this share of its value did not begin anew."""
OUTAGE = 0.5
"""The share of bad events that no warm-up excuses."""
SECOND_SCRAPE = 0.8 * ROUND
"""Seconds after the first scrape from which another is a second one of its pod, and not of its neighbour."""
SHIFTED = VERY_STRONG + STRONG
"""Evidence (nats) that the old pods fare worse than before, so that only the same time compares. It is asked
at each of their scrapes, and old pods that are wrongly taken for the baseline blind the judge."""
STARTUP = 8 * ROUND
"""Seconds after a pod's first scrape in which it is young: what is learnt of starts ends with them."""
STARTUP_STEPS = 2000
"""Increments of young pods that are kept."""
PREDECESSORS = 5
"""Starts of the newest proven releases that are learnt from: enough to tell how they vary, and services
change."""
RELEASES_DIFFER = 0.25
"""The least coefficient of variation of starts from release to release: a few of them cannot show less."""
OVERDUE = 4 * ROUND
"""Seconds that a pod's next scrape is waited for at most."""
NEWEST_STEPS = 60
"""The newest scrapes in which the pods that still serve, or a failure's end, are looked for."""
KEPT_STEPS = 600
"""Increments of either side that are kept."""
KEPT_POINTS = 60
"""Points of a trail that are kept."""

# ---------------------------------------------------------------- attribution

CLEAR = 2.0
"""Log likelihood ratio (nats) of a clear case. Off the scale: with ``STRONG`` the families "30% from the
second minute on" and "later to 100%" are found later; ``POSITIVE`` is not measured on every incident."""
LEANING = POSITIVE
"""Log Bayes factor (nats) of a common cause that forbids attributing the failure to the release."""
COINCIDENCE = 4.0
"""The same, where it began with the new pods' first request, just as the last old pods went: that an incident
began in these very seconds is unlikely beforehand, and that a release did is not. Off the scale: neither
grade next to it is measured on every incident."""
EXCLUDED = -4.0
"""Log Bayes factor (nats) below which a common cause is ruled out. Off the scale: with ``VERY_STRONG`` the
families "rolling, 100%, 0.5/s" and "canary with 5% of the traffic" are found later; ``STRONG`` is not
measured on every incident."""
BEGAN_WELL = 2.2
"""Log likelihood ratio (nats) of a good beginning that asks old pods for more than their last scrape. Off the
scale: with ``POSITIVE`` the family "step 1% to 10%, 1/s" is found later; ``STRONG`` is not measured on every
incident."""
BEGAN_WELL_UNSEEN = 4.0
"""The same where no old pod was seen at all since it began. Off the scale: with ``STRONG`` the family
"step 1% to 10%, 1/s" is found later; ``VERY_STRONG`` is not measured on every incident."""
SURE = VERY_STRONG + STRONG
"""Log likelihood ratio (nats) that leaves no doubt, also where chance had many moments to make one."""
PASSED = STRONG
"""Log likelihood ratio (nats) that shows the failure to be over."""
GROWING = 30.0
"""Seconds after an old pod's last scrape from which it is the release that goes over the limit: an incident
that began while they served has mostly grown by then, and a release may leak for minutes."""
BURST = 30.0
"""Seconds that a failure must outlast, if it began after the opening."""
BASELINE_ENDS = (2, 4, 8)
"""The baseline's last half, quarter and eighth are left out of what is usual, one after the other: an
incident before the rollout is in its end."""
SKEW = 1.0
"""Seconds by which a scrape's time may miss the moment of its counts, and one pod be hit after another."""
LEAD = 180.0
"""Seconds that a dependency's outage may be ahead of the failure it explains."""
LAG = 60.0
"""Seconds after the onset within which an outage may first be noticed: probes and gauges take their time."""
STALE_OUTAGE = 1800.0
"""Seconds after which a dependency that is unhealthy, with the service well, explains nothing."""
MORE_REQUESTS = 2.0
"""How many times the usual requests make a shift in traffic."""
MORE_GOOD_REQUESTS = 1.3
"""How many times the usual good requests, at least: clients that try again make no more of these."""
LEAST_REQUESTS = 12.0
"""Requests that a shift in traffic is measured from at least."""

# ---------------------------------------------------------------- judge

SUSPICION = POSITIVE
"""Evidence (nats) over the limit that forbids the claim of health."""
SWIFT = 2.2
"""Odds ratio to the bound that the first round of scrapes must show to decide alone. Less is one hiccup at a
start as often as a failure, and one more scrape tells them apart."""
TOGETHER = 60.0
"""Seconds between two onsets that count as one moment."""
VAGUE = 120.0
"""An onset that is not known better than this (seconds) coincides with too much."""
CLEAN = 60.0
"""Seconds that the new pods must have served well for their failure not to be explained by their start."""
SETTLING = timedelta(seconds=120)
"""For so long a pod that ended once must have run again: one end may be its node's, two are its own."""

# ---------------------------------------------------------------- how finely numbers are worked out

SMALLEST_RATE = 1e-6
"""No rate is believed to lie nearer to 0 or 1 than this."""
LARGEST_RATIO = math.exp(690.0)
"""Larger likelihood ratios count as this one: their products would be no numbers any more."""
GRID = 24
FINE = 12
"""Parts of the onset's interval, and of its likeliest part, at which the common cause may have begun."""
MOMENTS = 150
"""No more moments are tried for the pods' age."""
FAINT = 1e-300
"""What is less likely, beside the likeliest, counts as this: it has a logarithm."""
HALF_AN_EVENT = 0.5
"""Added either way where a rate is taken from a few events: three failures of three are not certain."""
MOST_REQUESTS = 2**30
"""A test that needs more is not worth a number: its limit is as good as 1."""
