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
