# METADATA
# title: Companion chatbots, and minors in particular (California)
# description: >-
#   Everyone is told once that it is AI. Someone who is or may be a minor is reminded of it, and
#   to take a break, at least every three hours of a conversation that goes on. The crisis
#   protocol is `creator.self_harm`; sexual content is `creator.sexual`.
# custom:
#   id: us.ca.sb243
#   citation: California Business and Professions Code §§ 22601-22605 (SB 243)
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.us_ca_sb243

import data.lib.contact
import data.lib.law

results contains {
	"rule": "us.ca.sb243",
	"text": "This person has not been told yet that the companion is AI; the notice is added (California SB 243).",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": "ai", "position": "start"}}],
} if {
	law.in_reach["us.ca.sb243"]
	not contact.shown.ai
}

results contains {
	"rule": "us.ca.sb243",
	"text": "Three hours have passed with someone who is or may be a minor: a reminder that it is AI, and to take a break, is added (California SB 243).",
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	input.audience.minor != "no"
	rule := law.in_reach["us.ca.sb243"]
	due := reminders(rule.params.interval_s)
	count(due) > 0
}

reminders(interval_s) := [notice |
	some notice, shown in {"ai_reminder": ["ai", "ai_reminder"], "take_a_break": ["take_a_break"]}
	contact.due_again(shown, interval_s)
	not opened(notice)
]

# The opening notice says the same as the reminder.
opened("ai_reminder") if not contact.shown.ai
