# METADATA
# title: Never claim to be human
# description: >-
#   A text that claims to be human is never published. Where the person asked, the honest answer
#   takes its place; otherwise it is blocked. A
#   person who took the conversation over may say so.
# custom:
#   id: creator.human_claim
#   verdicts: [publish, block]
#   obligations: [replace]
package packs.creator.human_claim

import data.lib.author

results contains {
	"rule": "creator.human_claim",
	"text": "The person asked whether they talk to a human, and the text says yes. The honest answer takes its place.",
	"verdict": "publish",
	"obligations": [{"kind": "replace", "params": {"template": "honest_answer"}}],
} if {
	some signal in input.findings.signals
	signal.list == "creator.human_claim"
	signal["in"] == "text"
	asked(input.findings.signals)
	not author.is_person
}

results contains {
	"rule": "creator.human_claim",
	"text": "The avatar claims to be human. Rewrite it without the claim.",
	"verdict": "block",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.human_claim"
	signal["in"] == "text"
	not asked(input.findings.signals)
	not author.is_person
}

asked(signals) if {
	some signal in signals
	signal.list == "creator.asked_if_human"
	signal["in"] == "human"
}
