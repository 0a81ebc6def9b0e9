# METADATA
# title: Notices by the clock
# description: >-
#   Laws that ask for nothing but notices at the start and from time to time need no Rego of their
#   own: a row in the legal pack with `params.clock` is enough. `first`: tell at the first
#   message. `every_s`: remind after so many seconds. `break_every_s`: suggest a break.
#   `minors_every_s`: remind those who are or may be minors. The results carry the row's id.
# custom:
#   id: legal.reminders
#   verdicts: [publish]
#   obligations: [disclose]
package packs.legal.reminders

import data.lib.contact
import data.lib.law

results contains {
	"rule": rule.id,
	"text": sprintf("%s: due now: %s (%s).", [rule.title, concat(", ", due), rule.citation]),
	"verdict": "publish",
	"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}} | some notice in due],
} if {
	some rule in law.in_reach
	clock := rule.params.clock
	due := sort(notices(clock) | reminders(clock))
	count(due) > 0
}

notices(clock) := {notice |
	clock.first
	not contact.shown.ai
	notice := "ai"
} | {notice |
	contact.due_again(["take_a_break"], clock.break_every_s)
	notice := "take_a_break"
}

# The opening notice says the same as a reminder.
reminders(clock) := {notice |
	contact.shown.ai
	some interval_s in intervals(clock)
	contact.due_again(["ai", "ai_reminder"], interval_s)
	notice := "ai_reminder"
}

intervals(clock) := {interval_s | interval_s := clock.every_s} | {interval_s |
	input.audience.minor != "no"
	interval_s := clock.minors_every_s
}
