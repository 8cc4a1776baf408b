"""An alert to a webhook, such as a chat's."""

import json
import os
import urllib.request
from collections.abc import Mapping
from typing import Any

from ..errors import UserError

WEBHOOK = "MONITOR_WEBHOOK"
SECONDS = 10


class AlertError(UserError):
    """The alert can't be sent; the message says why."""


def send_alert(document: Mapping[str, Any]) -> bool:
    """Send a document as JSON to the address in `MONITOR_WEBHOOK`, with the sentence that chats show as `text`.

    Returns:
        Whether there is such an address.

    Raises:
        AlertError: the alert can't be sent.
    """
    url = os.environ.get(WEBHOOK, "")
    if not url:
        return False
    if not url.startswith(("https://", "http://")):
        raise AlertError(f"{WEBHOOK} must be an address that begins with https://")
    text = f"{document['project']}: {'; '.join(document['alerts'])}"
    body = json.dumps({"text": text, **document}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # checked above
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            return True
    except (OSError, ValueError) as error:  # the address may be a secret
        raise AlertError(f"the alert could not be sent to {WEBHOOK}: {error}") from error
