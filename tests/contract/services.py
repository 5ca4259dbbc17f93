"""The services that have a twin, by the sink and its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_httpserver import HTTPServer

from tests.contract.annotation_services import GrafanaService
from tests.contract.chat_services import (
    OpsgenieService,
    SlackService,
    SlackWebhookService,
    TeamsService,
)
from tests.contract.service import Service
from tests.contract.tracker_services import (
    GitHubService,
    GitLabService,
    JiraCloudService,
    JiraServerService,
)

TWINS: Mapping[str, Callable[[HTTPServer, Path], Service]] = {
    "slack": SlackService,
    "slack webhook": SlackWebhookService,
    "teams": TeamsService,
    "github": GitHubService,
    "gitlab": GitLabService,
    "jira cloud": JiraCloudService,
    "jira server": JiraServerService,
    "opsgenie": OpsgenieService,
    "grafana": GrafanaService,
}
