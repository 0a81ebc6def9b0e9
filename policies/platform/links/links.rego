# METADATA
# title: Links
# description: >-
#   On public channels a message with a link waits for a person (data.platform.links.hold).
# custom:
#   id: platform.links
#   verdicts: [hold]
package packs.platform.links

results contains {
	"rule": "platform.links",
	"text": "The text holds a link, and links wait for review on this channel. Leave it out, or let a person release it.",
	"verdict": "hold",
	"obligations": [],
} if {
	some finding in input.findings.pii
	finding.kind == "URL"
	input.message.channel in data.platform.links.hold
}
