package packs.legal.us_coppa_test

import data.lib.fixture

found(patch) := fixture.law("us.coppa", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["US"]}},
	object.union({"audience": {"minor": "yes"}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"hold"}
	found({"audience": {"minor": "no"}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2026-04-21T23:59:59.999999Z"}) == set()
	count(found({"now": "2026-04-22T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["US"]))) > 0
	count(found(at(["US-WY"]))) > 0
	count(found(at([]))) > 0
	found(at(["MX"])) == set()
	found(at(["DE"])) == set()
}

test_channels if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		count(found(on(channel))) > 0
	}
}

test_age_and_consent if {
	count(found({"audience": {"age_from": 12}})) == 1
	found({"audience": {"age_from": 13}}) == set()
	found({"audience": {"guardian_consent": true}}) == set()
	found({"audience": {"minor": "unknown"}}) == set()
}
