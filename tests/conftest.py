"""What every test may rely on."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

# What a busy machine takes is nothing that a test promises.
_ANYWHERE = settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _ANYWHERE, max_examples=50)
settings.register_profile("thorough", _ANYWHERE, max_examples=1000)
settings.load_profile("thorough" if os.environ.get("THOROUGH") else "quick")


def pytest_configure() -> None:
    """Ctrl-C interrupts, also where the tests run in the background of a shell, which makes it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
