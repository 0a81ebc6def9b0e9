# METADATA
# title: Consumers are told that they talk to AI (Maine)
# description: >-
#   The AI notice at the start.
# custom:
#   id: us.me
#   citation: 10 Maine Revised Statutes § 1500-DD
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_me

import data.lib.contact
import data.lib.law

results contains {
	"rule": "us.me",
	"text": sprintf("Consumers in Maine are told that they talk to AI; due now: %s (10 MRS § 1500-DD).", [concat(", ", due)]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	rule := law.in_reach["us.me"]
	due := contact.due(rule.params.clock)
	count(due) > 0
}
