package packs.legal.duties_test

import data.lib.fixture
import data.packs.legal.duties

says(rule) := {"rule": rule, "text": "Because.", "verdict": "publish", "obligations": []}

line := {
	"says": says("x.rule"),
	"since": "told",
	"seconds": 3600,
	"channels": {"dm": true, "live": true},
	"spares_minor": "",
	"spares_companion": null,
	"from": "2026-08-02",
	"until": "9999",
}

# The rules that answer when the law holds nothing but `line` with `change` laid over it.
found(change, patch) := {result.rule |
	index := {"duties": {"always": {"EU": [object.union(line, change)]}}, "rules": {}}
	some result in duties.results with data.law as index with input as fixture.message(patch)
}

test_what_is_due_answers if {
	found({}, {}) == {"x.rule"}
	found({}, {"contact": {"disclosed_s": {"ai": 3599}}}) == set()
	found({"seconds": 3601}, {}) == set()
}

test_channel if {
	found({}, {"message": {"channel": "live"}}) == {"x.rule"}
	found({}, {"message": {"channel": "group"}}) == set()
}

test_from_is_the_first_moment_and_until_the_first_without if {
	found({}, {"now": "2026-08-01T23:59:59.999999Z"}) == set()
	found({}, {"now": "2026-08-02T00:00:00.000000Z"}) == {"x.rule"}
	found({"until": "2026-11-23"}, {"now": "2026-11-22T23:59:59.999999Z"}) == {"x.rule"}
	found({"until": "2026-11-23"}, {"now": "2026-11-23T00:00:00.000000Z"}) == set()
	found({"from": "2026-11-22T20:00:00.000000Z"}, {}) == {"x.rule"}
	found({"from": "2026-11-22T20:00:00.000001Z"}, {}) == set()
}

test_minors if {
	minors := {"spares_minor": "no"}
	found(minors, {}) == set()
	found(minors, {"audience": {"minor": "unknown"}}) == {"x.rule"}
	found(minors, {"audience": {"minor": "yes"}}) == {"x.rule"}
}

test_companions if {
	companions := {"spares_companion": false}
	found(companions, {}) == {"x.rule"}
	found(companions, {"creator": {"companion": false}}) == set()
	found({}, {"creator": {"companion": false}}) == {"x.rule"}
}

test_occasion_and_place if {
	index := {"duties": {"promotion": {"US": [object.union(line, {"since": "each", "seconds": 0})]}}, "rules": {}}
	ad := {"commercial": {"paid_partnership": true}, "audience": {"jurisdictions": ["US-TX"]}}
	count(duties.results) == 1 with data.law as index with input as fixture.message(ad)
	count(duties.results) == 0 with data.law as index with input as fixture.quiet
	count(duties.results) == 0 with data.law as index
		with input as fixture.message({"commercial": {"paid_partnership": true}})
}

test_a_document_without_the_facts_is_held if {
	every missing in ["occasions", "audience/places", "contact/since_s", "creator/companion"] {
		results := duties.results with input as json.remove(fixture.quiet, [missing])
		"hold" in fixture.verdicts(results)
	}
}

test_a_persons_words_are_never_called_an_ais if {
	every notice in ["ai", "ai_reminder", "ai_answer", "ai_public"] {
		disclose := {"obligations": [{"kind": "disclose", "params": {"notice": notice, "position": "start"}}]}
		found({"says": object.union(says("x.rule"), disclose)}, {"message": {"author": "human"}}) == set()
		found({"says": object.union(says("x.rule"), disclose)}, {}) == {"x.rule"}
	}
	ad := {"obligations": [{"kind": "disclose", "params": {"notice": "ad", "position": "start"}}]}
	found({"says": object.union(says("x.rule"), ad)}, {"message": {"author": "human"}}) == {"x.rule"}
}
