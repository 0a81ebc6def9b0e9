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
	some place in rule.jurisdictions
	place in places
	input.message.channel in rule.channels
	rule.effective_from <= today
	rule.status != "draft"
	rule.status != "lapsed"
	[day | day := rule.effective_until; day != null; day <= today] == []
	rule.audience in audiences
}

# METADATA
# title: Where the audience may be
# description: >-
#   What was given, and what it implies: FR lies in the EU, US-CA in the US (countries have two
#   letters in ISO 3166). A bare EU or US may be any of its members, so all of them are meant; an
#   empty list means unknown, so every jurisdiction that a rule names is meant. The strictest
#   applicable rule follows from that.
places contains place if {
	some code in input.audience.jurisdictions
	some place in [code, substring(code, 0, 2)]
}

places contains "EU" if {
	some code in input.audience.jurisdictions
	substring(code, 0, 2) in data.legal.jurisdictions.eu
}

places contains member if {
	"EU" in input.audience.jurisdictions
	not names_member(input.audience.jurisdictions)
	some member in data.legal.jurisdictions.eu
}

places contains state if {
	"US" in input.audience.jurisdictions
	not names_state(input.audience.jurisdictions)
	some state in named(data.legal)
	startswith(state, "US-")
}

places contains place if {
	input.audience.jurisdictions == []
	some place in named(data.legal)
}

names_member(codes) if {
	some code in codes
	substring(code, 0, 2) in data.legal.jurisdictions.eu
}

names_state(codes) if {
	some code in codes
	startswith(code, "US-")
}

# Every jurisdiction that a rule names.
named(rows) := {place |
	some rule in rows
	some place in rule.jurisdictions
}

# METADATA
# title: For whom a rule is meant
# description: >-
#   `all`: everyone. `companion`: avatars that serve as companions, which every avatar does
#   unless its creator's settings say otherwise. `minors`: unless the person is known to be an
#   adult.
audiences contains "all"

audiences contains "companion" if not input.creator.companion == false

audiences contains "minors" if input.audience.minor != "no"
