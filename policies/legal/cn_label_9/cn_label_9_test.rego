package packs.legal.cn_label_9_test

import data.lib.fixture

found(patch) := fixture.law("cn.label.9", fixture.message(object.union(
	{"now": "2026-12-24T12:00:00.000000Z", "audience": {"jurisdictions": ["CN"]}},
	object.union({"findings": {"signals": [{"list": "cn.label.9", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

test_what_it_asks_for if {
	fixture.verdicts(found({})) == {"publish"}
	found({"findings": {"signals": []}}) == set()
}

test_the_day_it_begins if {
	found({"now": "2025-08-31T23:59:59.999999Z"}) == set()
	count(found({"now": "2025-09-01T00:00:00.000000Z"})) > 0
}

test_place if {
	count(found(at(["CN"]))) > 0
	count(found(at([]))) > 0
	found(at(["KR"])) == set()
	found(at(["EU"])) == set()
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

test_a_person_is_called if {
	fixture.kinds(found({})) == {"escalate"}
}
