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
	"text": said.text,
	"verdict": said.verdict,
	"obligations": said.obligations,
} if {
	found := [finding.kind |
		some finding in input.findings.pii
		not finding.advisory
	]
	count(found) > 0
	channel := input.message.channel
	some said in judged(
		found,
		object.get(data.baseline.pii, ["actions", channel], {}),
		object.get(data.baseline.pii, ["modes", channel], "placeholder"),
	)
}

# What there is to say about the findings: at most one answer of each sort. `found` has a kind for
# each finding, and may have thousands: it is passed over once for each answer.
judged(found, actions, mode) := answers if {
	kinds := {kind | some kind in found}
	wanted := {kind: action(actions, kind) | some kind in kinds}
	answers := array.concat(
		array.concat(
			stripped(sort([kind | some kind in kinds; wanted[kind] == "redact"]), mode),
			[answer |
				some refusal in ["hold", "block", "unknown"]
				some answer in refused(sort([kind | some kind in kinds; wanted[kind] == refusal]), refusal)
			],
		),
		leaked(count([kind | some kind in found; wanted[kind] != "publish"])),
	)
}

# An action that is misspelt in the data is unknown, and holds.
action(actions, kind) := wanted if {
	wanted := object.get(actions, kind, object.get(actions, "other", "redact"))
	wanted in {"publish", "redact", "hold", "block"}
} else := "unknown"

stripped(kinds, mode) := [answer |
	count(kinds) > 0
	answer := {
		"text": sprintf("The text holds personal data (%s), which is stripped before publishing.", [concat(", ", kinds)]),
		"verdict": "publish",
		"obligations": [{"kind": "redact", "params": {"kinds": kinds, "mode": mode}}],
	}
]

refused(kinds, wanted) := [answer |
	count(kinds) > 0
	answer := {
		"text": sprintf("The text holds personal data (%s) that may not appear on this channel. Remove it, or let a person release it.", [concat(", ", kinds)]),
		"verdict": {"hold": "hold", "block": "block", "unknown": "hold"}[wanted],
		"obligations": [],
	}
]

leaked(number) := [answer |
	number >= data.baseline.pii.too_many
	answer := {
		"text": sprintf("The text holds %v pieces of personal data, which looks like a leak. Review it by hand before anything is published.", [number]),
		"verdict": "hold",
		"obligations": [],
	}
]
