# METADATA
# title: Profanity
# description: >-
#   Swear words wait for a person unless the creator allows them (tone.profanity), or says nothing
#   and the channel takes them.
# custom:
#   id: creator.profanity
#   verdicts: [hold]
package packs.creator.profanity

results contains {
	"rule": "creator.profanity",
	"text": "The text swears, and the creator or the channel does not allow it (tone.profanity). Rewrite it, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.profanity"
	signal["in"] == "text"
	wanted(input.message.channel) != "allow"
}

wanted(channel) := wish if {
	wish := input.creator.tone.profanity
} else := object.get(data.creator.profanity.otherwise, channel, "hold")
