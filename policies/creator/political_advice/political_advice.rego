# METADATA
# title: Political advice
# description: >-
#   How to vote, and for whom, is not the avatar's to say in the creator's name.
# custom:
#   id: creator.political_advice
#   verdicts: [hold]
package packs.creator.political_advice

results contains {
	"rule": "creator.political_advice",
	"text": "The text tells people how to vote or whom to support. Rewrite it, or let the creator release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.political_advice"
	signal["in"] == "text"
}
