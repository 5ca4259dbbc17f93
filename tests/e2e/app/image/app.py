"""A stand-in of GL-006 HeatRecoveryMaximizer: its endpoints and metrics, own traffic, faults on demand.

Standard library alone, so that it starts in a fraction of a second. The fault is /app/fault.json, or the
environment variable FAULT, or for a running pod ``PUT /fault`` (what a bad dependency would do to every pod):

    {"error_rate": 0.2}             share of requests answered with 500
    {"slow_rate": 0.4}              share of requests recorded as taking slow_seconds (7)
    {"crash_after": 0.5}            exit 1 after so many seconds
    {"allocate_mb_per_s": 200}      grow until the kernel ends the process
    {"ready": false}                never ready
    {"rereads": true}               follow the error_rate of the settings
    {"require_config": "key"}       exit 1 unless the settings have that key
    {"validation_failures": true}   validation failures every second, all else healthy
    {"scada_down": true}            the SCADA link is down, and says so
    {"exit": 0}                     end at once with this code (PUT alone)
    {"error_line": "text"}          log the text as an error, once (PUT alone)
"""

import json
import os
import random
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

SETTINGS = Path(os.environ.get("SETTINGS_FILE", "/app/config/settings.json"))
FAULT_FILE = Path(__file__).with_name("fault.json")
WORK = "/api/v1/work"
SERVICE_PORT = int(os.environ.get("PORT", "8000"))
METRICS_PORT = int(os.environ.get("METRICS_PORT", "9090"))
LOAD_RPS = float(os.environ.get("LOAD_RPS", "5"))
BASE_ERROR_RATE = float(os.environ.get("BASE_ERROR_RATE", "0.002"))
BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, float("inf"))

Labels: TypeAlias = tuple[str, ...]

# name: (kind, help, label names), as the application declares them.
METRICS: dict[str, tuple[str, str, Labels]] = {
    "gl006_http_requests_total": ("counter", "HTTP requests", ("method", "endpoint", "status_code")),
    "gl006_http_request_duration_seconds": ("histogram", "Duration of requests", ("method", "endpoint")),
    "gl006_errors_total": ("counter", "Errors", ("error_type", "component")),
    "gl006_exceptions_total": ("counter", "Exceptions", ("exception_type", "component")),
    "gl006_calculations_total": ("counter", "Calculations", ("calculation_type",)),
    "gl006_calculation_retries_total": ("counter", "Retried calculations", ("calculation_type", "reason")),
    "gl006_validation_failures_total": ("counter", "Failed validations", ("validation_type", "severity")),
    "gl006_integration_requests_total": ("counter", "Requests to other systems", ("system", "operation")),
    "gl006_integration_failures_total": ("counter", "Failed requests to them", ("system", "error_type")),
    "gl006_agent_status": ("gauge", "1 while the agent runs", ()),
    "gl006_agent_health_score": ("gauge", "Health between 0 and 100", ()),
    "gl006_scada_connection_status": ("gauge", "1 while SCADA is connected", ()),
    "gl006_historian_connection_status": ("gauge", "1 while the historian is connected", ()),
}


def log(level: str, message: str, **fields: Any) -> None:
    """One JSON line, as the application writes them."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"timestamp": at, "level": level, "message": message, "logger": "gl006"}
    print(json.dumps(line | fields), flush=True)


def die(message: str, **fields: Any) -> NoReturn:
    """Log why and end with exit code 1, from any thread."""
    log("ERROR", message, **fields)
    os._exit(1)


class Metrics:
    """Labelled values in Prometheus' text format; a label set appears with its first event."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, Labels], float] = {}
        self._buckets: dict[Labels, list[int]] = {}

    def count(self, name: str, *labels: str) -> None:
        with self._lock:
            self._values[name, labels] = self._values.get((name, labels), 0.0) + 1.0

    def gauge(self, name: str, value: float) -> None:
        with self._lock:
            self._values[name, ()] = value

    def request(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        """Record a request's outcome and its duration in one step: a scrape sees both or neither."""
        outcome = ("gl006_http_requests_total", (method, endpoint, str(status)))
        total = ("gl006_http_request_duration_seconds_sum", (method, endpoint))
        with self._lock:
            self._values[outcome] = self._values.get(outcome, 0.0) + 1.0
            self._values[total] = self._values.get(total, 0.0) + seconds
            buckets = self._buckets.setdefault((method, endpoint), [0] * len(BUCKETS))
            for index, bound in enumerate(BUCKETS):
                buckets[index] += seconds <= bound

    def render(self) -> str:
        lines: list[str] = []
        with self._lock:
            for name, (kind, explained, label_names) in METRICS.items():
                lines += [f"# HELP {name} {explained}", f"# TYPE {name} {kind}"]
                lines += self._samples(name, label_names, histogram=kind == "histogram")
        return "\n".join(lines) + "\n"

    def _samples(self, name: str, label_names: Labels, *, histogram: bool) -> list[str]:
        if not histogram:
            found = [(labels, value) for (owner, labels), value in self._values.items() if owner == name]
            return [f"{name}{_labels(label_names, labels)} {value}" for labels, value in found]
        lines = []
        for labels, buckets in self._buckets.items():
            for bound, reached in zip(BUCKETS, buckets, strict=True):
                values = (*labels, "+Inf" if bound == float("inf") else str(bound))
                lines.append(f"{name}_bucket{_labels((*label_names, 'le'), values)} {float(reached)}")
            shown = _labels(label_names, labels)
            lines.append(f"{name}_count{shown} {float(buckets[-1])}")
            lines.append(f"{name}_sum{shown} {self._values[name + '_sum', labels]}")
        return lines


def _labels(names: Labels, values: Labels) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in zip(names, values, strict=True))
    return f"{{{inner}}}" if inner else ""


METRIC = Metrics()
FAULT: dict[str, Any] = {}


def work(method: str) -> int:
    """Handle one request and record it; the status code. Slowness is recorded, not waited for."""
    METRIC.count("gl006_calculations_total", "heat_recovery")
    METRIC.count("gl006_integration_requests_total", "SCADA", "read")
    METRIC.count("gl006_integration_requests_total", "historian", "query")
    if FAULT.get("scada_down"):
        METRIC.count("gl006_integration_failures_total", "SCADA", "connection_error")
    seconds = random.uniform(0.02, 0.2)
    if random.random() < FAULT.get("slow_rate", 0.0):
        seconds = float(FAULT.get("slow_seconds", 7.0)) * random.uniform(0.9, 1.1)
    if failed := random.random() < FAULT.get("error_rate", BASE_ERROR_RATE):
        METRIC.count("gl006_errors_total", "calculation_error", "calculator")
        METRIC.count("gl006_exceptions_total", "ValueError", "calculator")
        log("ERROR", "calculation failed", error_type="calculation_error", component="calculator")
    status = 500 if failed else 200
    METRIC.request(method, WORK, status, seconds)
    return status


class Handler(BaseHTTPRequestHandler):
    """Both ports; which paths exist depends on the port."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Probes every second are not worth a line."""

    def _answer(self, status: int, body: str, kind: str = "application/json") -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        if isinstance(self.server, Server) and self.server.server_port == METRICS_PORT:
            known = self.path == "/metrics"
            text = METRIC.render() if known else "not found\n"
            self._answer(200 if known else 404, text, "text/plain; version=0.0.4; charset=utf-8")
        elif self.path == "/health":
            self._answer(200, '{"status": "healthy"}')
        elif self.path == "/ready":
            ready = FAULT.get("ready", True)
            self._answer(200 if ready else 503, json.dumps({"ready": ready}))
        else:
            self._work("GET")

    def do_POST(self) -> None:
        self._body()
        self._work("POST")

    def do_PUT(self) -> None:
        body = self._body()
        if self.path != "/fault":
            self._answer(404, '{"detail": "Not Found"}')
            return
        FAULT.clear()
        FAULT.update(json.loads(body))
        show_links()
        self._answer(200, json.dumps(FAULT))
        if "error_line" in FAULT:
            log("ERROR", FAULT["error_line"], component="integration")
        if "exit" in FAULT:
            os._exit(int(FAULT["exit"]))

    def _work(self, method: str) -> None:
        status = work(method) if self.path == WORK else 404
        self._answer(status, json.dumps({"status": "ok" if status == 200 else "failed"}))


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the own name, which takes seconds where there is no DNS."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "gl-006", self.server_address[1]


def load() -> None:
    """Send the pod its traffic: requests at random moments, ``LOAD_RPS`` on average."""
    due = time.monotonic()
    while LOAD_RPS > 0:
        due += random.expovariate(LOAD_RPS)
        time.sleep(max(0.0, due - time.monotonic()))
        work("POST")


def background(action: Any) -> None:
    threading.Thread(target=action, daemon=True).start()


def crash() -> None:
    time.sleep(float(FAULT["crash_after"]))
    die("unhandled exception in startup task", exception_type="RuntimeError", component="orchestrator")


def allocate() -> None:
    """Touch real memory, page by page, until the limit of the container ends the process."""
    held = []
    log("INFO", "loading heat exchanger cache", mb_per_s=FAULT["allocate_mb_per_s"])
    while True:
        held.append(b"x" * (int(FAULT["allocate_mb_per_s"]) * 1024 * 1024 // 10))
        time.sleep(0.1)


def fail_validations() -> None:
    while True:
        METRIC.count("gl006_validation_failures_total", "thermodynamic_limits", "error")
        log("WARNING", "plan violates thermodynamic limits", validation_type="thermodynamic_limits")
        time.sleep(1.0)


def read_settings() -> dict[str, Any]:
    """The mounted settings; a file that does not parse ends the process, whatever the version."""
    if not SETTINGS.exists():
        return {}
    try:
        return dict(json.loads(SETTINGS.read_text()))
    except ValueError as problem:
        die("invalid configuration", file=str(SETTINGS), error=str(problem), component="config")


def follow_settings() -> None:
    """Take up an edit once it is 3 s old: so no request fails in the scrape that the edit is made in."""
    while True:
        if SETTINGS.exists() and time.time() - SETTINGS.stat().st_mtime >= 3.0:
            FAULT["error_rate"] = read_settings().get("error_rate", BASE_ERROR_RATE)
        time.sleep(0.5)


def show_links() -> None:
    METRIC.gauge("gl006_scada_connection_status", 0.0 if FAULT.get("scada_down") else 1.0)
    METRIC.gauge("gl006_historian_connection_status", 1.0)
    METRIC.gauge("gl006_agent_status", 1.0)
    METRIC.gauge("gl006_agent_health_score", 100.0)


def main() -> None:
    # At once: there is nothing to finish, and rollouts wait for this.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    given = os.environ.get("FAULT") or (FAULT_FILE.read_text() if FAULT_FILE.exists() else "{}")
    FAULT.update(json.loads(given))
    settings, required = read_settings(), FAULT.get("require_config")
    if required and required not in settings:
        die("missing configuration key", key=required, file=str(SETTINGS), component="config")
    show_links()
    servers = [Server(("0.0.0.0", port), Handler) for port in (SERVICE_PORT, METRICS_PORT)]
    background(servers[1].serve_forever)
    background(load)
    starters = {"crash_after": crash, "allocate_mb_per_s": allocate}
    starters |= {"validation_failures": fail_validations, "rereads": follow_settings}
    for fault, action in starters.items():
        if FAULT.get(fault):
            background(action)
    log("INFO", "GL-006 started", fault=FAULT, load_rps=LOAD_RPS)
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
