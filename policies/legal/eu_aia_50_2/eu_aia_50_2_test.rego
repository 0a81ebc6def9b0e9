package packs.legal.eu_aia_50_2_test

import data.lib.fixture

marked(patch) := fixture.law("eu.aia.50.2", fixture.message(patch))

at(places) := {"audience": {"jurisdictions": places}}

test_texts_without_a_mark_get_ours if {
	some result in marked({})
	result.verdict == "publish"
	result.obligations == [{"kind": "mark", "params": {"formats": ["iptc", "schema_org"]}}]
}

test_the_providers_mark_is_enough if {
	marked({"generator": {"upstream_marking": {"type": "c2pa", "verifier": null, "result": null}}}) == set()
}

test_every_channel_age_and_avatar if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		count(marked({"message": {"channel": channel}, "creator": {"companion": false}})) == 1
	}
	every minor in ["yes", "no", "unknown"] {
		count(marked({"audience": {"minor": minor}})) == 1
	}
}

test_the_day_it_begins if {
	marked({"now": "2026-08-01T23:59:59.999999Z"}) == set()
	count(marked({"now": "2026-08-02T00:00:00.000000Z"})) == 1
}

test_place if {
	count(marked(at(["IT"]))) == 1
	count(marked(at(["EU"]))) == 1
	count(marked(at([]))) == 1
	marked(at(["US-CA", "CN"])) == set()
}
