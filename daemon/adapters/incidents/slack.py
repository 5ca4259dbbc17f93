"""Incidents as Slack messages: a thread for each case by a bot's token, or messages by an incoming webhook.

https://docs.slack.dev/reference/methods/chat.postMessage, and https://docs.slack.dev/messaging/message-metadata
by which a message of ours is known again. Slack answers refusals with 200 and ``"ok": false``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from daemon.adapters.incidents.markup import one_line, plain, slack_text
from daemon.adapters.incidents.outlet import Outlet, address_in, entries, fields, secret_in
from daemon.adapters.incidents.webhook import message_id, page_of
from daemon.core.case.incident import Incident
from daemon.core.policy import Level
from daemon.ports import Denied, PortError, Rejected, Unavailable
from daemon.presentation.action_links import ActionLinks, links_for

ADDRESS = "https://slack.com/api"
EVENT = "rollbackd_incident"
"""The kind of our messages' metadata."""
LONGEST_HEADER, LONGEST_SECTION, MOST_SECTIONS = 150, 3000, 8
LOOKED_THROUGH = 200
"""Messages since the case was opened among which ours is looked for."""
SLACK = timedelta(minutes=5)
"""How far the clocks may differ."""
UNKNOWN_TOKEN = frozenset({"invalid_auth", "not_authed", "token_expired"})
"""As a 401: it passes when the token's file has been written anew."""
LATER = frozenset(
    {"fatal_error", "internal_error", "rate_limited", "ratelimited", "request_timeout", "service_unavailable"}
)
WRONG = frozenset(
    {
        *(
            "invalid_arguments",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_json",
            "invalid_post_type",
        ),
        *("metadata_too_large", "msg_blocks_too_long", "msg_too_long", "no_text", "too_many_attachments"),
    }
)
"""What Slack says of a message that is wrong; whatever else it refuses, a person can change."""
REMEDY = (
    "check that the app is installed with the scope chat:write, its token not revoked, the channel not "
    "archived, and the app a member of it"
)
WEBHOOK_REMEDY = (
    "check the incoming webhook: it is that of an installed app and of a channel that is not archived"
)


class SlackSink:
    """A thread for each case: the first message is its head, and what waits for a person is shown in the
    channel as well. A repeat finds its message by the metadata, where the app may read the channel.
    """

    name = "slack"

    def __init__(
        self,
        token_file: Path,
        channels: Sequence[str],
        *,
        address: str = ADDRESS,
        page_url: str = "",
        links: ActionLinks | None = None,
    ) -> None:
        self._token_file = token_file
        self._channels = tuple(channels)
        self._url = address
        self._page_url = page_url
        self._links = links

    def publish(self, incident: Incident) -> str:
        """Returns ``channel/timestamp`` of the thread's head. Raises Unavailable, Denied, Rejected."""
        slack = self._outlet()
        channel, _, head = incident.reference.partition("/")
        channel = channel or incident.channel or self._channels[0]
        message = message_id(incident)
        head, messages = _thread(slack, incident, channel, head)
        if any(_payload(each).get("message") == message for each in messages):
            return f"{channel}/{head}"
        return _post(slack, self._message(incident, channel, head, message), head)

    def preview(self, incident: Incident) -> dict[str, object]:
        channel, _, head = incident.reference.partition("/")
        channel = channel or incident.channel or self._channels[0]
        return self._message(incident, channel, head, message_id(incident))

    def _outlet(self) -> Outlet:
        token = secret_in(self._token_file)
        return Outlet(
            service="Slack",
            url=self._url,
            remedy=REMEDY,
            secrets=(token,),
            headers={"Authorization": f"Bearer {token}"},
        )

    def _message(self, incident: Incident, channel: str, head: str, message: str) -> dict[str, object]:
        body: dict[str, object] = {
            "channel": channel,
            **shown(incident, self._page_url, self._links),
            "metadata": {
                "event_type": EVENT,
                "event_payload": {"incident": incident.key, "message": message},
            },
            # Nothing of the text becomes a link or calls anybody.
            "parse": "none",
            "link_names": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if head:
            urgent = incident.level.reaches(Level.WARNING) or incident.stage == "closed"
            body |= {"thread_ts": head, "reply_broadcast": urgent}
        return body


class SlackWebhookSink:
    """Messages by an incoming webhook, which knows no threads and tells nothing of what it has: a stage whose
    outcome could not be stored is there twice."""

    name = "slack"

    def __init__(self, webhook_file: Path, *, page_url: str = "", links: ActionLinks | None = None) -> None:
        self._file = webhook_file
        self._page_url = page_url
        self._links = links

    def publish(self, incident: Incident) -> str:
        """Returns when Slack has taken the message. Raises Unavailable, Denied, Rejected."""
        address = address_in(self._file)
        outlet = Outlet(
            service="Slack",
            url=address,
            remedy=WEBHOOK_REMEDY,
            secrets=(address.rpartition("/")[2],),
            # The channel or the webhook is gone, or archived.
            barred=frozenset({404, 410}),
        )
        outlet.call("POST", payload=shown(incident, self._page_url, self._links))
        return f"Slack message {message_id(incident)}"

    def preview(self, incident: Incident) -> dict[str, object]:
        return shown(incident, self._page_url, self._links)


def shown(incident: Incident, page_url: str, links: ActionLinks | None = None) -> dict[str, object]:
    """What people see: the title, the message, and links to the case and to what may be decided there."""
    text = plain(incident.message, LONGEST_SECTION * MOST_SECTIONS)
    parts = [text[begin : begin + LONGEST_SECTION] for begin in range(0, len(text), LONGEST_SECTION)]
    title = _literal(one_line(incident.title, LONGEST_HEADER))
    blocks: list[dict[str, object]] = [{"type": "header", "text": title}]
    blocks += [{"type": "section", "text": _literal(part)} for part in parts]
    asked = links_for(incident, links)
    if page := page_of(incident, page_url):
        addresses = [("the case", page), *((link.words, link.address) for link in asked)]
        told = " · ".join(f"<{slack_text(address, LONGEST_SECTION)}|{words}>" for words, address in addresses)
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": told}]})
    # Shown where blocks are not, as in a notification.
    return {"text": slack_text(f"{incident.title}: {incident.reason}", LONGEST_SECTION), "blocks": blocks}


def _literal(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _thread(
    slack: Outlet, incident: Incident, channel: str, head: str
) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The case's thread: its head and its messages, as far as they may be read; no head where there is none,
    or where it was deleted."""
    if head:
        messages = _messages(slack, "conversations.replies", {"channel": channel, "ts": head})
        if messages is not None:
            return head, messages
    oldest = f"{(incident.case.spec.opened_at - SLACK).timestamp():.6f}"
    recent = _messages(slack, "conversations.history", {"channel": channel, "oldest": oldest}) or ()
    ours = [each for each in recent if _payload(each).get("incident") == incident.key]
    if not ours:
        return "", ()
    head = str(ours[0].get("thread_ts") or ours[0].get("ts"))
    return head, _messages(slack, "conversations.replies", {"channel": channel, "ts": head}) or ()


def _messages(slack: Outlet, method: str, query: Mapping[str, str]) -> Sequence[Mapping[str, Any]] | None:
    """``None`` where there is no such thread; none at all where the app may not read the channel."""
    asked = {"include_all_metadata": "true", "limit": str(LOOKED_THROUGH), **query}
    answer = slack.read(slack.call("GET", f"/{method}", query=asked), _listed)
    if answer.get("ok"):
        return entries(answer["messages"])
    if answer.get("error") == "thread_not_found":
        return None
    error = _refused(answer)
    if isinstance(error, Unavailable):
        raise error
    return ()


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, dict) else {}


def _listed(found: Any) -> Mapping[str, Any]:
    """An answer that has messages, or a refusal. Raises KeyError, TypeError for anything else."""
    answer = fields(found)
    if answer["ok"]:
        entries(answer["messages"])
    return answer


def _posted(found: Any) -> Mapping[str, Any]:
    """The same of an answer that says where the message is."""
    answer = fields(found)
    if answer["ok"] and not all(isinstance(answer[name], str) for name in ("channel", "ts")):
        raise TypeError("channel and ts are texts")
    return answer


def _post(slack: Outlet, message: Mapping[str, object], head: str) -> str:
    answer = slack.read(slack.call("POST", "/chat.postMessage", message), _posted)
    if not answer.get("ok"):
        raise _refused(answer)
    return f"{answer['channel']}/{head or answer['ts']}"


def _refused(answer: Mapping[str, Any]) -> PortError:
    error = str(answer.get("error", "no reason given"))[:100]
    said = f"Slack refuses: {error}"
    if error in LATER:
        return Unavailable(f"{said}: it is out of order, or takes no more for now")
    if error in UNKNOWN_TOKEN:
        return Unavailable(f"{said}: {REMEDY}")
    return (Rejected if error in WRONG else Denied)(f"{said}: {REMEDY}")
