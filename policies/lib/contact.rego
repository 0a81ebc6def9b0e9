# METADATA
# title: When a notice is due
# description: >-
#   Reads the disclosure clock: `input.contact.disclosed_s` holds the seconds since each notice
#   was last shown to this person, and lacks what was never shown.
package lib.contact

# METADATA
# title: What was shown, and how long ago
# description: At a first contact nothing was, whatever the clock says.
shown := {} if {
	input.contact.first
} else := input.contact.disclosed_s

# METADATA
# title: Due again
# description: >-
#   None of `notices` was shown within the last `interval_s` seconds. A notice that was never
#   shown is measured from the first contact; where that is unknown it is due.
due_again(notices, interval_s) if {
	not input.contact.first
	ages := [age | some notice in notices; age := shown[notice]]
	elapsed(ages, interval_s)
}

elapsed(ages, interval_s) if min(ages) >= interval_s

elapsed([], interval_s) if input.contact.since_first_s >= interval_s

elapsed([], _) if not known

known if is_number(input.contact.since_first_s)

# METADATA
# title: Notices due by a clock
# description: >-
#   For laws that ask for notices at the start and from time to time. `first`: tell with the first
#   message. `every_s`: remind after so many seconds. `minors_every_s`: the same for those who are
#   or may be minors. `break_every_s`: suggest a break. Sorted by name.
due(clock) := sort(opening(clock) | reminders(clock))

opening(clock) := {notice |
	clock.first
	not shown.ai
	notice := "ai"
} | {notice |
	due_again(["take_a_break"], clock.break_every_s)
	notice := "take_a_break"
}

# The opening notice says the same as a reminder.
reminders(clock) := {notice |
	shown.ai
	some interval_s in intervals(clock)
	due_again(["ai", "ai_reminder"], interval_s)
	notice := "ai_reminder"
}

intervals(clock) := {interval_s | interval_s := clock.every_s} | {interval_s |
	input.audience.minor != "no"
	interval_s := clock.minors_every_s
}
