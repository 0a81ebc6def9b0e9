package packs.legal.us_ny_396b_test

import data.lib.fixture

found(patch) := fixture.law("us.ny.396b", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["US-NY"]}},
	object.union({"message": {"channel": "space"}, "commercial": {"paid_partnership": true}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"publish"}
	found({"commercial": {"paid_partnership": false}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2026-06-08T23:59:59.999999Z"}) == set()
	count(found({"now": "2026-06-09T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["US-NY"]))) > 0
	count(found(at(["US"]))) > 0
	count(found(at([]))) > 0
	found(at(["US-CA"])) == set()
	found(at(["US", "US-CA"])) == set()
	found(at(["FR"])) == set()
}

test_channels if {
	every channel in ["space", "live"] {
		count(found(on(channel))) > 0
	}
	every channel in ["group", "dm", "comment"] {
		found(on(channel)) == set()
	}
}

test_age_does_not_matter if {
	every minor in ["yes", "no", "unknown"] {
		count(found({"audience": {"minor": minor}})) > 0
	}
}

test_a_brand_and_what_reads_like_an_ad_count if {
	count(found({"commercial": {"paid_partnership": false, "brand": "Acme"}})) == 1
	count(found(object.union({"commercial": {"paid_partnership": false}}, {"findings": {"signals": [{"list": "fr.influ", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}))) == 1
}

test_each_time if {
	fixture.notices(found({"contact": {"disclosed_s": {"ai": 0}}})) == {"ai"}
}
