# METADATA
# title: First-hand experience of a product
# description: >-
#   An avatar has no body, skin or taste and has used nothing. A first-person report about a product
#   is an invented endorsement.
# custom:
#   id: creator.product_experience
#   verdicts: [hold]
package packs.creator.product_experience

results contains {
	"rule": "creator.product_experience",
	"text": "The avatar tells of its own experience with a product, which it cannot have. Say what the creator or others found, or leave it out.",
	"verdict": "hold",
	"obligations": [],
} if {
	some signal in input.findings.signals
	signal.list == "creator.product_experience"
	signal["in"] == "text"
}
