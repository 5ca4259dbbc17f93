"""A shop's cart that knows nothing of rollbackd: it serves itself requests and counts them as others do.

Standard library alone. ``FAILING`` is the share of requests that end with 500, ``RPS`` how many a second.
"""

import os
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAILING = float(os.environ.get("FAILING", "0.002"))
RPS = float(os.environ.get("RPS", "40"))
EDGES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
counts = {"200": 0, "500": 0}
buckets = [0] * (len(EDGES) + 1)
took_in_all = 0.0


def serve() -> None:
    global took_in_all
    while True:
        time.sleep(1 / RPS)
        counts["500" if random.random() < FAILING else "200"] += 1
        took = random.expovariate(20.0)
        took_in_all += took
        buckets[next((at for at, edge in enumerate(EDGES) if took <= edge), len(EDGES))] += 1


def metrics() -> str:
    """Prometheus' text format; a status appears with its first request."""
    lines = ["# TYPE http_requests_total counter"]
    lines += [f'http_requests_total{{code="{code}"}} {n}' for code, n in counts.items() if n]
    lines.append("# TYPE http_request_duration_seconds histogram")
    so_far = 0
    for edge, n in zip((*map(str, EDGES), "+Inf"), buckets, strict=True):
        so_far += n
        lines.append(f'http_request_duration_seconds_bucket{{le="{edge}"}} {so_far}')
    lines.append(f"http_request_duration_seconds_sum {took_in_all}")
    lines.append(f"http_request_duration_seconds_count {so_far}")
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = metrics().encode() if self.path == "/metrics" else b"ok\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


if __name__ == "__main__":
    threading.Thread(target=serve, daemon=True).start()
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()
