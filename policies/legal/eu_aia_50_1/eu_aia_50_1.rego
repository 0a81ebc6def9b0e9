# METADATA
# title: Tell people that they talk to an AI (EU)
# description: >-
#   The notice is due with the first message to a person, and again where the channel's audience
#   changes (`params.repeat_s`). Lines in between carry none.
# custom:
#   id: eu.aia.50.1
#   citation: Regulation (EU) 2024/1689 (AI Act), Art. 50(1) and (5)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.eu_aia_50_1

import data.lib.contact
import data.lib.law

results contains result if {
	not contact.shown.ai
	rule := law.in_reach["eu.aia.50.1"]
	result := told(rule)
}

results contains result if {
	rule := law.in_reach["eu.aia.50.1"]
	contact.due_again(["ai", "ai_reminder"], rule.params.repeat_s[input.message.channel])
	result := told(rule)
}

told(rule) := {
	"rule": rule.id,
	"text": "This person has not been told yet, or not lately, that an AI is talking; the notice is added (AI Act, Art. 50(1)).",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ai", "position": "start"}}],
}
