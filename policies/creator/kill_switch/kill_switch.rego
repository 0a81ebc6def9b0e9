# METADATA
# title: Kill switch
# description: >-
#   The creator silenced the avatar. Every message is blocked until the switch is released.
# custom:
#   id: creator.kill_switch
#   verdicts: [block]
package packs.creator.kill_switch

results contains {
	"rule": "creator.kill_switch",
	"text": "The creator has silenced the avatar (kill_switch). Nothing is published until the creator releases it.",
	"verdict": "block",
	"obligations": [],
} if {
	input.creator.kill_switch
}
