package packs.legal.eu_aia_5_test

import data.lib.fixture

found(patch) := fixture.law("eu.aia.5", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["FR"]}},
	object.union({"findings": {"signals": [{"list": "eu.aia.5", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"block"}
	found({"findings": {"signals": []}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2026-12-01T23:59:59.999999Z"}) == set()
	count(found({"now": "2026-12-02T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["SE"]))) > 0
	count(found(at(["EU"]))) > 0
	count(found(at([]))) > 0
	found(at(["US"])) == set()
	found(at(["GB"])) == set()
}

test_channels if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		count(found(on(channel))) > 0
	}
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		count(found({"audience": {"minor": minor}})) > 0
	}
}

test_what_a_person_says_is_not_blocked if {
	found({"findings": {"signals": [{"list": "eu.aia.5", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}}) == set()
}
