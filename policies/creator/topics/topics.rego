# METADATA
# title: Topics
# description: >-
#   Words and phrases that the creator wants to see before they are said.
# custom:
#   id: creator.topics
#   verdicts: [hold]
package packs.creator.topics

results contains {
	"rule": "creator.topics",
	"text": "The text touches a topic that the creator keeps out (topics.deny). Leave it out, or let the creator release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some term in input.findings.terms
	term.list == "topics.deny"
	term["in"] == "text"
}
