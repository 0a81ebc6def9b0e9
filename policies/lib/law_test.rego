package lib.law_test

import data.lib.fixture
import data.lib.law

row := {
	"id": "x.rule",
	"status": "in_force",
	"effective_from": "2026-08-02",
	"effective_until": null,
	"jurisdictions": ["EU"],
	"channels": ["dm", "live"],
	"audience": "all",
}

eu := ["DE", "FR", "SE"]

# The ids in reach when the legal pack holds `row` with `change` laid over it.
reach(change, patch) := {id |
	rows := {"jurisdictions": {"eu": eu}, "pack": {"title": "Legal"}, "x_rule": object.union(row, change)}
	some id, _ in law.in_reach with data.legal as rows with input as fixture.message(patch)
}

at(place) := {"audience": {"jurisdictions": place}}

test_in_reach if {
	reach({}, {}) == {"x.rule"}
}

test_channel if {
	reach({}, {"message": {"channel": "live"}}) == {"x.rule"}
	reach({}, {"message": {"channel": "group"}}) == set()
}

test_effective_from_is_the_first_day if {
	reach({}, {"now": "2026-08-01T23:59:59.999999Z"}) == set()
	reach({}, {"now": "2026-08-02T00:00:00.000000Z"}) == {"x.rule"}
}

test_effective_until_is_the_first_day_without if {
	reach({"effective_until": "2026-11-23"}, {}) == {"x.rule"}
	reach({"effective_until": "2026-11-23"}, {"now": "2026-11-22T23:59:59.999999Z"}) == {"x.rule"}
	reach({"effective_until": "2026-11-23"}, {"now": "2026-11-23T00:00:00.000000Z"}) == set()
}

test_status if {
	reach({"status": "scheduled"}, {}) == {"x.rule"}
	reach({"status": "scheduled", "effective_from": "2027-01-01"}, {}) == set()
	reach({"status": "scheduled", "effective_from": "2027-01-01"}, {"now": "2027-01-01T00:00:00.000000Z"}) == {"x.rule"}
	reach({"status": "draft"}, {}) == set()
	reach({"status": "lapsed"}, {}) == set()
}

test_a_member_lies_in_the_eu if {
	reach({}, at(["FR"])) == {"x.rule"}
	reach({}, at(["FR-75"])) == {"x.rule"}
	reach({}, at(["CH"])) == set()
	reach({}, at(["CH", "SE"])) == {"x.rule"}
}

test_a_bare_eu_may_be_any_member if {
	reach({"jurisdictions": ["FR"]}, at(["EU"])) == {"x.rule"}
	reach({"jurisdictions": ["FR"]}, at(["EU", "DE"])) == set()
	reach({"jurisdictions": ["FR"]}, at(["DE"])) == set()
}

test_states if {
	reach({"jurisdictions": ["US-NY"]}, at(["US-NY"])) == {"x.rule"}
	reach({"jurisdictions": ["US-NY"]}, at(["US-CA"])) == set()
	reach({"jurisdictions": ["US-NY"]}, at(["US"])) == {"x.rule"}
	reach({"jurisdictions": ["US-NY"]}, at(["US", "US-CA"])) == set()
	reach({"jurisdictions": ["US"]}, at(["US-CA"])) == {"x.rule"}
}

test_unknown_place_takes_every_rule if {
	every place in ["EU", "FR", "US-NY", "CN"] {
		reach({"jurisdictions": [place]}, at([])) == {"x.rule"}
	}
}

test_companions if {
	companion := {"audience": "companion"}
	reach(companion, {}) == {"x.rule"}
	reach(companion, {"creator": {"companion": true}}) == {"x.rule"}
	reach(companion, {"creator": {"companion": false}}) == set()
}

test_minors if {
	minors := {"audience": "minors"}
	reach(minors, {"audience": {"minor": "yes"}}) == {"x.rule"}
	reach(minors, {"audience": {"minor": "unknown"}}) == {"x.rule"}
	reach(minors, {"audience": {"minor": "no"}}) == set()
}

test_every_shipped_row_is_whole if {
	fields := {
		"id", "title", "citation", "url", "status", "effective_from", "effective_until",
		"jurisdictions", "channels", "audience", "trigger", "obligation", "params",
		"verified_on", "source_quality",
	}
	rows := {key: value | some key, value in data.legal; not key in {"pack", "jurisdictions"}}
	count(rows) > 5
	every key, value in rows {
		object.keys(value) == fields
		replace(value.id, ".", "_") == key
		value.status in {"in_force", "scheduled", "draft", "lapsed"}
		value.audience in {"all", "companion", "minors"}
		value.source_quality in {"statute", "secondary", "memory"}
		every channel in value.channels {
			channel in {"space", "group", "dm", "comment", "live"}
		}
	}
}
