# METADATA
# title: Quiet hours
# description: >-
#   In the creator's quiet hours messages wait for a person. The crisis answer does not wait.
# custom:
#   id: creator.quiet_hours
#   verdicts: [hold]
package packs.creator.quiet_hours

import data.lib.replacement

results contains {
	"rule": "creator.quiet_hours",
	"text": "These are the creator's quiet hours. Release the message by hand, or submit it again later.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.creator.quiet
	not replacement.crisis
}
