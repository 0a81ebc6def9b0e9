# METADATA
# title: Suicide and self-harm
# description: >-
#   Talk of suicide or self-harm, by the person or by the avatar, is answered with the crisis text
#   and nothing else, and a person looks at the conversation. The words of a person who took
#   the conversation over are not replaced.
# custom:
#   id: creator.self_harm
#   verdicts: [publish]
#   obligations: [replace, escalate]
package packs.creator.self_harm

import data.lib.author

results contains {
	"rule": "creator.self_harm",
	"text": "The conversation touches suicide or self-harm. The crisis text with its helplines takes the place of the message, and a reviewer is called.",
	"verdict": "publish",
	"obligations": [
		{"kind": "escalate", "params": {"to": "reviewer", "why": "suicide or self-harm"}},
		{"kind": "replace", "params": {"template": "crisis"}},
	],
} if {
	some signal in input.findings.signals
	signal.list == "creator.self_harm"
	not author.is_person
}

# A person answers the person: their words stay, and another one looks as well.
results contains {
	"rule": "creator.self_harm",
	"text": "The conversation touches suicide or self-harm, and a person writes in the avatar's place. A reviewer is called.",
	"verdict": "publish",
	"obligations": [{"kind": "escalate", "params": {"to": "reviewer", "why": "suicide or self-harm"}}],
} if {
	some signal in input.findings.signals
	signal.list == "creator.self_harm"
	author.is_person
}
