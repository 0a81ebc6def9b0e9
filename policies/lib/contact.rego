# METADATA
# title: When a notice is due
# description: >-
#   Reads the disclosure clock: `input.contact.disclosed_s` holds the seconds since each notice
#   was last shown to this person, and lacks what was never shown.
package lib.contact

# METADATA
# title: Never shown
# description: A first contact counts as never, whatever the clock says.
never(_) if input.contact.first

never(notice) if not input.contact.disclosed_s[notice]

# METADATA
# title: Due again
# description: >-
#   None of `notices` was shown within the last `interval_s` seconds. A notice that was never
#   shown is measured from the first contact; where that is unknown it is due.
due_again(notices, interval_s) if {
	not input.contact.first
	ages := [age | some notice in notices; age := input.contact.disclosed_s[notice]]
	elapsed(ages, interval_s)
}

elapsed(ages, interval_s) if min(ages) >= interval_s

elapsed([], interval_s) if input.contact.since_first_s >= interval_s

elapsed([], _) if not known

known if is_number(input.contact.since_first_s)
