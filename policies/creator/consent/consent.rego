# METADATA
# title: Consent
# description: >-
#   The creator agreed to certain channels, until a certain moment. Outside of that the avatar may
#   not speak. Without a consent entry nothing is limited.
# custom:
#   id: creator.consent
#   verdicts: [block]
package packs.creator.consent

results contains {
	"rule": "creator.consent",
	"text": sprintf("The creator did not agree to the channel '%s'. Ask for consent and extend consent.scope.", [input.message.channel]),
	"verdict": "block",
	"obligations": [],
} if {
	input.creator.consent.scope
	not input.message.channel in input.creator.consent.scope
}

results contains {
	"rule": "creator.consent",
	"text": "The creator's consent has ended. Ask for it again and set consent.until.",
	"verdict": "block",
	"obligations": [],
} if {
	input.creator.consent.until
	not running(input.creator.consent.until)
}

running(until) if time.parse_rfc3339_ns(input.now) < time.parse_rfc3339_ns(until)
