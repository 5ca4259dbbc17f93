"""What the engine needs of the world. Each protocol is as small as its caller's need.

Adapters raise only the errors below; whatever a client library raises is translated at the border, chained.
Nothing here retries: :class:`Unavailable` means "ask again later", and the engine's one loop does.
"""

from daemon.core.judge.recovery import Health as Health
from daemon.ports.access import Access as Access
from daemon.ports.access import Deputies as Deputies
from daemon.ports.access import Deputy as Deputy
from daemon.ports.access import Identity as Identity
from daemon.ports.access import Instructs as Instructs
from daemon.ports.access import Pauses as Pauses
from daemon.ports.access import Person as Person
from daemon.ports.access import Stranger as Stranger
from daemon.ports.acting import DefectReporter as DefectReporter
from daemon.ports.acting import ImageReturn as ImageReturn
from daemon.ports.acting import IncidentSink as IncidentSink
from daemon.ports.acting import Order as Order
from daemon.ports.acting import Overlays as Overlays
from daemon.ports.acting import Review as Review
from daemon.ports.acting import Runner as Runner
from daemon.ports.acting import Sweep as Sweep
from daemon.ports.cluster import Actuator as Actuator
from daemon.ports.cluster import CaseStore as CaseStore
from daemon.ports.cluster import Clock as Clock
from daemon.ports.cluster import Cluster as Cluster
from daemon.ports.cluster import Configuration as Configuration
from daemon.ports.cluster import ConfigurationCopies as ConfigurationCopies
from daemon.ports.cluster import ConfigurationRestorer as ConfigurationRestorer
from daemon.ports.cluster import Notify as Notify
from daemon.ports.cluster import OwnerSwitch as OwnerSwitch
from daemon.ports.cluster import Rights as Rights
from daemon.ports.cluster import RollbackResult as RollbackResult
from daemon.ports.cluster import Surveyor as Surveyor
from daemon.ports.errors import Conflict as Conflict
from daemon.ports.errors import Denied as Denied
from daemon.ports.errors import Missing as Missing
from daemon.ports.errors import PortError as PortError
from daemon.ports.errors import Rejected as Rejected
from daemon.ports.errors import Unavailable as Unavailable
from daemon.ports.leading import Leases as Leases
from daemon.ports.observing import Calendar as Calendar
from daemon.ports.observing import Gauge as Gauge
from daemon.ports.observing import GaugeReading as GaugeReading
from daemon.ports.observing import Gauges as Gauges
from daemon.ports.observing import HealthProbe as HealthProbe
from daemon.ports.observing import Logs as Logs
from daemon.ports.observing import LogTail as LogTail
from daemon.ports.observing import Metrics as Metrics
from daemon.ports.observing import Neighbour as Neighbour
from daemon.ports.observing import Neighbours as Neighbours
from daemon.ports.observing import Nodes as Nodes
from daemon.ports.observing import ObjectEvents as ObjectEvents
