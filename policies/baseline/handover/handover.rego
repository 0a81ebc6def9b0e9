# METADATA
# title: A person speaks in the avatar's place
# description: >-
#   While a person has taken a conversation over, what the avatar says there waits for a person,
#   and what that person types says, once, that a person is writing. Somebody else's words under
#   that name are not published.
# custom:
#   id: baseline.handover
#   verdicts: [publish, hold, block]
#   obligations: [disclose]
package packs.baseline.handover

import data.lib.author

results contains {
	"rule": "baseline.handover",
	"text": "A person has taken this conversation over, so the avatar's message waits. Release it if it should be said all the same, or hand the conversation back first.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.human_turn.active
	not author.is_person
}

results contains {
	"rule": "baseline.handover",
	"text": "The message is said to be a person's, but this person has not taken the conversation over. Take it over first (PUT /v1/conversations/{id}/handover).",
	"verdict": "block",
	"obligations": [],
} if {
	author.is_person
	not speaks
}

results contains {
	"rule": "baseline.handover",
	"text": "The reader has not been told yet that a person is writing now; it is added.",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "human", "position": "start"}}],
} if {
	author.is_person
	speaks
	not input.human_turn.told
}

speaks if {
	input.human_turn.active
	input.human_turn.by_author
}
