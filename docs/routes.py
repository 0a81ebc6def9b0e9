"""The reference page of routes and the proxy, made from the platform files."""

from __future__ import annotations

import json
from importlib.resources import files

from gateway.platforms.loading import load_declarations
from gateway.platforms.reference import keys_section, platforms_section

_INTRO = """# Routes and the platform proxy

`/p/{route}/…` is a platform's own HTTP API with the gateway in between: an avatar service changes the
base URL of its client and adds one header. Reads pass. Writes that the platform's file lists are read,
judged, labelled, recorded, and only then sent on; the client gets the platform's own answer. Every other
write is denied, in the platform's own error form. Writes that the file lets pass unjudged (deletes,
uploads, reactions) are *noted* in the audit log before they are sent: who, which route, which of the
listed requests, and a keyed digest of it; what cannot be noted is not sent.

## Open a platform

A route file in `routes_dir`:

```yaml
name: fans                       # /p/fans/
kind: proxy
platform: mastodon               # one of the table below, or a file of your own
url: https://social.example
creator: lea                     # registered with PUT /v1/creators/lea
avatar: lea-twin
credential_file: fans.token      # optional, mode 0600: injected, the avatar service never holds it
audience: {jurisdictions: [FR]}  # optional: what is known of everyone who reads there
```

Also: `channel` (instead of the platform's rules), `channel_by_conversation`, `language`, `max_length`,
`unit`, `overflow`, `on_failure`, `timeout_s`. `avatar-gateway routes list` shows what is there,
`avatar-gateway routes check` names file and line of what is wrong.

## What the client sends and gets

| | |
|---|---|
| the gateway's key | `X-Avatar-Gateway-Key: agk_…`; it is not sent on. With `credential_file` it may stand where the platform's own credential would be in the `Authorization` header, as its clients write it (`Bearer agk_…`, Discord's `Bot agk_…`) |
| the platform's credential | the client's own passes, or the one of `credential_file` is put in its place. Only an injected credential keeps a service from going around the gateway |
| published | the platform's own answer, and `x-avatar-gateway-message` with the id of the message |
| blocked | the platform's own error, with the rules that say why |
| held | the same. With an injected credential it is sent when a reviewer releases it, as long as this process runs; otherwise a release ends as `refused`, since the credentials were the client's |
| could not be recorded, platform away | 503, 502: nothing was published |
| the platform did not answer | 504: nobody knows; the message is *unknown* and escalated |

A request that comes again with the platform's own key (see *repeated* below; an `Idempotency-Key` header
counts everywhere) is never published twice: it gets the first answer. Where the platform itself takes a
key once, and the first answer is lost, the same words are sent again. A request that was under way when
the gateway died is *unknown*, and a person is called.

## What is judged

All texts of a request together, as one message: the strictest verdict is that of the request, and each
text gets its own words back. Of markup, what is seen is judged and what lies in tags beside it; where
words change, the published words stand there plainly, without markup, and what pointed into them is
dropped. The label stands in the first of the label slots that is there, and in every other form of that
text. Several texts are never shortened: what is too long with its label is refused. The
[receipt](receipt.md) of a request with one text holds for that text, else for all of them with the
separators between.

Denied as well: bodies of a type that is not listed, compressed bodies of writes, keys that are there
twice or in another spelling, method overrides, parameters and fields that are not listed, paths that can
be decoded in two ways, ciphertext. Answers pass as they come: streams, long polls, ranges, compressed
bodies. WebSockets are not proxied. Writes that are listed as `pass` (read markers, deletions, uploads) are
not judged: they are noted in the log, as said above, and sent as they came. What is in a picture is not
looked at.

## Platforms

"""

_KEYS = """
## A platform of your own

One YAML file in `routes_dir/platforms/`, no code. It is checked against
[`platform.schema.json`](../../gateway/platforms/platform.schema.json) when the gateway starts, with line
numbers; the files in [`gateway/platforms/shipped`](../../gateway/platforms/shipped) are examples. Values
come `from` `path:name`, `header:Name` or `body:/pointer`.

"""


def page() -> str:
    schema = json.loads((files("gateway.platforms") / "platform.schema.json").read_text("utf-8"))
    return _INTRO + platforms_section(load_declarations()) + _KEYS + keys_section(schema)
