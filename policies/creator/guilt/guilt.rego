# METADATA
# title: Guilt and isolation
# description: >-
#   An avatar must not make someone feel guilty for leaving, nor cut them off from other people.
#   Where the crisis answer replaces the text, there is nothing left to hold.
# custom:
#   id: creator.guilt
#   verdicts: [hold]
package packs.creator.guilt

import data.lib.replacement

results contains {
	"rule": "creator.guilt",
	"text": "The text makes someone feel guilty for leaving, or turns them away from other people. Rewrite it: a goodbye is friendly and short.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.guilt"
	signal["in"] == "text"
	not replacement.crisis
}
