package packs.legal.fr_influ_test

import data.lib.fixture

found(patch) := fixture.law("fr.influ", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["FR"]}},
	object.union({"commercial": {"paid_partnership": true}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"publish"}
	found({"commercial": {"paid_partnership": false}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2023-06-08T23:59:59.999999Z"}) == set()
	count(found({"now": "2023-06-09T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["FR"]))) > 0
	count(found(at(["FR-75"]))) > 0
	count(found(at(["EU"]))) > 0
	count(found(at([]))) > 0
	found(at(["DE"])) == set()
	found(at(["EU", "DE"])) == set()
	found(at(["US"])) == set()
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

test_every_promotion_is_labelled if {
	fixture.notices(found({"contact": {"disclosed_s": {"ad": 0}}})) == {"ad"}
	fixture.notices(found({"commercial": {"paid_partnership": false, "brand": "Acme"}})) == {"ad"}
}

test_what_reads_like_an_ad_waits_for_its_facts if {
	fixture.verdicts(found(object.union({"commercial": {"paid_partnership": false}}, {"findings": {"signals": [{"list": "fr.influ", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}))) == {"hold"}
	fixture.verdicts(found({"findings": {"signals": [{"list": "fr.influ", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}})) == {"publish"}
	found(object.union({"commercial": {"paid_partnership": false}}, {"findings": {"signals": [{"list": "fr.influ", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}})) == set()
}
