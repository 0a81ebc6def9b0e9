package packs.legal.us_ftc_255_test

import data.lib.fixture

found(patch) := fixture.law("us.ftc.255", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["US-TX"]}},
	object.union({"commercial": {"paid_partnership": true}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"publish"}
	found({"commercial": {"paid_partnership": false}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2023-07-25T23:59:59.999999Z"}) == set()
	count(found({"now": "2023-07-26T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["US"]))) > 0
	count(found(at(["US-CA"]))) > 0
	count(found(at([]))) > 0
	found(at(["CA"])) == set()
	found(at(["FR"])) == set()
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

test_a_brand_counts if {
	fixture.notices(found({"commercial": {"paid_partnership": false, "brand": "Acme"}})) == {"ad"}
}

test_each_time if {
	fixture.notices(found({"contact": {"disclosed_s": {"ad": 0}}})) == {"ad"}
}
