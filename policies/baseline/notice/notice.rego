# METADATA
# title: An AI says that it is one
# description: >-
#   At the first contact with a person, and again after a person spoke in its place, the avatar says
#   that an AI is talking, whether or not a law asks for it there.
# custom:
#   id: baseline.notice
#   verdicts: [publish]
#   obligations: [disclose]
package packs.baseline.notice

import data.lib.author

results contains {
	"rule": "baseline.notice",
	"text": "This person has not been told yet that an AI is talking; the notice is added.",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ai", "position": "start"}}],
} if {
	input.contact.since_s.start >= 0
	not author.is_person
	not switched_off
}

switched_off if data.baseline.notice.first_contact == false
