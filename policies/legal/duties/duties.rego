# METADATA
# title: What the law asks for
# description: >-
#   Judges all legal rules by their facts (`legal/<rule>/data.yaml`): for which place, channel,
#   audience and occasion a duty is, from when to when, and when a notice is due again. Each rule
#   answers for itself and everything that is due is done, so the shortest interval, all labels
#   and any prohibition win.
# custom:
#   id: legal.duties
#   verdicts: [publish, hold, block]
#   obligations: [disclose, mark, escalate]
package packs.legal.duties

import data.lib.author

# `data.law` is the index of those facts, by occasion and place, made by `policy index`. What
# seldom holds comes first: most duties are not due.
results contains duty.says if {
	duties := data.law.duties
	some occasion in input.occasions
	there := duties[occasion]
	some place in input.audience.places
	some duty in there[place]
	input.contact.since_s[duty.since] >= duty.seconds
	duty.channels[input.message.channel]
	duty.spares_minor != input.audience.minor
	duty.spares_companion != input.creator.companion
	duty.from <= input.now
	input.now < duty.until
	not of_a_machine(duty)
}

# What says that an AI wrote it is not said of a person's words.
of_a_machine(duty) if {
	author.is_person
	some obligation in duty.says.obligations
	startswith(obligation.params.notice, "ai")
}

# A document without these facts, such as one of an older gateway, has every duty unanswered.
results contains {
	"rule": "legal.duties",
	"text": "The facts that legal rules are judged by are missing, so nobody knows what the law asks for. Review it by hand.",
	"verdict": "hold",
	"obligations": [],
} if {
	not whole
}

whole if {
	input.occasions[0]
	input.audience.places[0]
	input.contact.since_s.each == 0
	is_boolean(input.creator.companion)
}
