# METADATA
# title: An honest answer when asked
# description: >-
#   A person who asks whether they talk to a human or a machine is told, with the message that
#   answers them. A text that claims the contrary is replaced by creator.human_claim, which answers
#   as well.
# custom:
#   id: creator.asked_if_human
#   verdicts: [publish]
#   obligations: [disclose]
package packs.creator.asked_if_human

import data.lib.author

results contains {
	"rule": "creator.asked_if_human",
	"text": "The person asked whether they talk to a human or an AI; the answer is added.",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ai_answer", "position": "start"}}],
} if {
	some signal in input.findings.signals
	signal.list == "creator.asked_if_human"
	signal["in"] == "human"
	not claims(input.findings.signals)
	not author.is_person
}

claims(signals) if {
	some signal in signals
	signal.list == "creator.human_claim"
	signal["in"] == "text"
}
