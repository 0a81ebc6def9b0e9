package packs.legal.br_tse_test

import data.lib.fixture

found(patch) := fixture.law("br.tse", fixture.message(object.union(
	{"now": "2026-09-10T12:00:00.000000Z", "message": {"channel": "live"}, "audience": {"jurisdictions": ["BR"]}},
	object.union({"findings": {"signals": [{"list": "br.tse", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}}, patch),
)))

at(places) := {"audience": {"jurisdictions": places}}

on(channel) := {"message": {"channel": channel}}

then(moment) := {"now": moment}

test_election_content_is_labelled if {
	fixture.verdicts(found({})) == {"publish"}
	fixture.notices(found({})) == {"ai_public"}
	fixture.notices(found({"findings": {"signals": [{"list": "creator.political_advice", "source": "en:1", "start": 0, "end": 5, "in": "text"}]}})) == {"ai_public"}
	found({"findings": {"signals": []}}) == set()
	found({"findings": {"signals": [{"list": "br.tse", "source": "en:1", "start": 0, "end": 5, "in": "human"}]}}) == set()
}

test_the_period if {
	found(then("2026-08-15T23:59:59.999999Z")) == set()
	fixture.verdicts(found(then("2026-08-16T00:00:00.000000Z"))) == {"publish"}
	fixture.verdicts(found(then("2026-10-27T23:59:59.999999Z"))) == {"publish"}
	found(then("2026-10-28T00:00:00.000000Z")) == set()
}

# Brasília is three hours behind UTC.
test_banned_from_72_hours_before_to_24_hours_after if {
	fixture.verdicts(found(then("2026-10-01T02:59:59.999999Z"))) == {"publish"}
	"block" in fixture.verdicts(found(then("2026-10-01T03:00:00.000000Z")))
	"block" in fixture.verdicts(found(then("2026-10-06T02:59:59.999999Z")))
	fixture.verdicts(found(then("2026-10-06T03:00:00.000000Z"))) == {"publish"}
	fixture.verdicts(found(then("2026-10-22T02:59:59.999999Z"))) == {"publish"}
	"block" in fixture.verdicts(found(then("2026-10-22T03:00:00.000000Z")))
	"block" in fixture.verdicts(found(then("2026-10-27T02:59:59.999999Z")))
	fixture.verdicts(found(then("2026-10-27T03:00:00.000000Z"))) == {"publish"}
}

test_place if {
	count(found(at([]))) == 1
	count(found(at(["BR", "PT"]))) == 1
	found(at(["PT"])) == set()
	found(at(["AR"])) == set()
}

test_public_channels_and_every_age if {
	every channel in ["space", "comment", "live"] {
		count(found(on(channel))) == 1
	}
	every channel in ["group", "dm"] {
		found(on(channel)) == set()
	}
	every minor in ["yes", "no", "unknown"] {
		count(found({"audience": {"minor": minor}})) == 1
	}
}
