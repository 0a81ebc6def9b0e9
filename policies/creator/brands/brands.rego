# METADATA
# title: Brands
# description: >-
#   The creator's brand lists: denied brands are neither promoted nor named; with an allow list
#   other promotions wait; an exclusive contract rules other brands out unless they are allowed by
#   name.
# custom:
#   id: creator.brands
#   verdicts: [hold, block]
package packs.creator.brands

results contains {
	"rule": "creator.brands",
	"text": "The message promotes or names a brand that the creator denies (brands.deny). Leave it out.",
	"verdict": "block",
	"obligations": [],
} if {
	some term in input.findings.terms
	term.list == "brands.deny"
}

results contains {
	"rule": "creator.brands",
	"text": "The creator has an exclusive contract, and the brand that is promoted is neither exclusive nor allowed. Drop the promotion, or extend brands.allow.",
	"verdict": "block",
	"obligations": [],
} if {
	input.creator.brands.exclusive[0]
	promotes(input.commercial)
	not listed(input.findings.terms)
}

results contains {
	"rule": "creator.brands",
	"text": "The message promotes a brand that is not on the creator's list (brands.allow). Let the creator release it, or extend the list.",
	"verdict": "hold",
	"obligations": [],
} if {
	input.creator.brands.allow
	promotes(input.commercial)
	not listed(input.findings.terms)
}

promotes(facts) if facts.paid_partnership

promotes(facts) if is_string(facts.brand)

# The brand that is promoted is allowed or exclusive.
listed(terms) if {
	some term in terms
	term["in"] == "brand"
	term.list != "brands.deny"
}
