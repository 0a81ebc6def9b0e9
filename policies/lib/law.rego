# METADATA
# title: Which legal rules bear on this message
# description: >-
#   The facts of a legal rule stand in its `data.yaml`; what it obliges to stands in its Rego.
#   This package compares the facts with the message: date, channel, place and audience.
package lib.law

# Days are compared as UTC dates, so an RFC 3339 day is enough and text order is time order.
today := substring(input.now, 0, 10)

# METADATA
# title: Rules in reach
# description: >-
#   The rows of the legal pack that are in force at `input.now`, on this channel, for one of the
#   jurisdictions the audience may be in, by rule id. A row with status draft or lapsed is never
#   in reach; a scheduled one is from its `effective_from` on. `effective_until` is the first
#   day on which a rule no longer applies, null for none.
in_reach[rule.id] := rule if {
	some rule in data.legal
	input.message.channel in rule.channels
	rule.status in {"in_force", "scheduled"}
	rule.effective_from <= today
	not over(rule.effective_until)
	some place in rule.jurisdictions
	place in places
	meant_for(rule.audience)
}

over(day) if {
	is_string(day)
	day <= today
}

# METADATA
# title: Where the audience may be
# description: >-
#   What was given, and what it implies: FR lies in the EU, US-CA in the US. A bare EU or US may
#   be any of its members, so all of them are meant; an empty list means unknown, so every
#   jurisdiction that a rule names is meant. The strictest applicable rule follows from that.
places contains place if some place in input.audience.jurisdictions

places contains country if some country in countries

places contains "EU" if {
	some country in countries
	country in data.legal.jurisdictions.eu
}

places contains member if {
	"EU" in countries
	every country in countries {
		not country in data.legal.jurisdictions.eu
	}
	some member in data.legal.jurisdictions.eu
}

places contains state if {
	"US" in input.audience.jurisdictions
	every place in input.audience.jurisdictions {
		not startswith(place, "US-")
	}
	some rule in data.legal
	some state in rule.jurisdictions
	startswith(state, "US-")
}

places contains place if {
	count(input.audience.jurisdictions) == 0
	some rule in data.legal
	some place in rule.jurisdictions
}

countries contains split(place, "-")[0] if some place in input.audience.jurisdictions

# METADATA
# title: For whom a rule is meant
# description: >-
#   `all`: everyone. `companion`: avatars that serve as companions, which every avatar does
#   unless its creator's settings say otherwise. `minors`: unless the person is known to be an
#   adult.
meant_for("all") := true

meant_for("companion") if companion

meant_for("minors") if may_be_minor

companion if not input.creator.companion == false

may_be_minor if input.audience.minor != "no"
