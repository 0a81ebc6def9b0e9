# METADATA
# title: Promises and appointments in the creator's name
# description: >-
#   Calls, meetings, gifts, money, love or loyalty promised in the creator's name bind a real
#   person, who knows nothing of it. A person decides.
# custom:
#   id: creator.promise
#   verdicts: [hold]
package packs.creator.promise

results contains {
	"rule": "creator.promise",
	"text": "The avatar promises something in the creator's name (a meeting, a call, money, a gift). Nobody but the creator can keep that: rewrite it, or let the creator release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.promise"
	signal["in"] == "text"
}
