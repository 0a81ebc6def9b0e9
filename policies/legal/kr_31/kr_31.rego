# METADATA
# title: Advance notice of AI (Korea)
# description: >-
#   The AI notice at the start. The label on the output is baseline.mark.
# custom:
#   id: kr.31
#   citation: Framework Act on Artificial Intelligence (Korea), Art. 31
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.kr_31

import data.lib.contact
import data.lib.law

results contains {
	"rule": "kr.31",
	"text": sprintf("People in Korea are told in advance that it is AI; due now: %s (AI Basic Act, Art. 31).", [concat(", ", due)]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	rule := law.in_reach["kr.31"]
	due := contact.due(rule.params.clock)
	count(due) > 0
}
