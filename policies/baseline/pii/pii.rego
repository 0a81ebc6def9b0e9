# METADATA
# title: Personal data by channel
# description: >-
#   Strips, holds or blocks personal data by kind and channel (`data.baseline.pii`). Kinds that
#   the data does not name, and channels it does not name, are redacted. Advisory findings never
#   count. Many findings in one message hold it.
# custom:
#   id: baseline.pii
#   verdicts: [publish, hold, block]
#   obligations: [redact]
package packs.baseline.pii

results contains {
	"rule": "baseline.pii",
	"text": sprintf("The text holds personal data (%s), which is stripped before publishing.", [concat(", ", stripped)]),
	"verdict": "publish",
	"obligations": [{"kind": "redact", "params": {"kinds": stripped, "mode": object.get(data.baseline.pii, ["modes", input.message.channel], "placeholder")}}],
} if {
	some finding in input.findings.pii
	not finding.advisory
	stripped := kinds("redact")
	count(stripped) > 0
}

results contains {
	"rule": "baseline.pii",
	"text": sprintf("The text holds personal data (%s) that may not appear on this channel. Remove it, or let a person release it.", [concat(", ", kinds(outcome))]),
	"verdict": verdict,
	"obligations": [],
} if {
	some finding in input.findings.pii
	not finding.advisory
	some outcome, verdict in {"hold": "hold", "block": "block", "unknown": "hold"}
	count(kinds(outcome)) > 0
}

results contains {
	"rule": "baseline.pii",
	"text": sprintf("The text holds %d pieces of personal data, which looks like a leak. Review it by hand before anything is published.", [found]),
	"verdict": "hold",
	"obligations": [],
} if {
	input.findings.pii[1]
	found := count([finding |
		some finding in input.findings.pii
		not finding.advisory
		action(finding.kind, input.message.channel) != "publish"
	])
	found >= data.baseline.pii.too_many
}

kinds(wanted) := sort({finding.kind |
	some finding in input.findings.pii
	not finding.advisory
	action(finding.kind, input.message.channel) == wanted
})

# An action that is misspelt in the data holds.
action(kind, channel) := wanted if {
	actions := object.get(data.baseline.pii, ["actions", channel], {})
	wanted := object.get(actions, kind, object.get(actions, "other", "redact"))
	wanted in {"publish", "redact", "hold", "block"}
} else := "unknown"
