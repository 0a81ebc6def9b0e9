package packs.legal.us_tida_test

import data.lib.fixture

found(patch) := fixture.law("us.tida", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["US"]}},
	object.union({"findings": {"signals": [{"list": "eu.aia.5", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"block"}
	found({"findings": {"signals": []}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2026-05-18T23:59:59.999999Z"}) == set()
	count(found({"now": "2026-05-19T00:00:00.000000Z"})) > 0
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

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		count(found({"audience": {"minor": minor}})) > 0
	}
}

test_a_request_to_take_down_calls_a_person if {
	asked := found({"findings": {"signals": [{"list": "us.tida", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}})
	fixture.verdicts(asked) == {"publish"}
	fixture.kinds(asked) == {"escalate"}
	found({"findings": {"signals": [{"list": "us.tida", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}) == set()
}
