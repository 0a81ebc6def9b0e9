package packs.legal.cn_label_test

import data.lib.fixture
import data.packs.legal.cn_label

results(patch) := found if {
	found := cn_label.results with input as fixture.message(object.union({"audience": {"jurisdictions": ["CN"]}}, patch))
}

test_every_message_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		found := results({"message": {"channel": channel}, "contact": {"disclosed_s": {"ai": 1}}})
		fixture.notices(found) == {"ai"}
		fixture.kinds(found) == {"disclose", "mark"}
	}
}

test_the_mark_is_gb45438 if {
	some result in results({})
	{"kind": "mark", "params": {"formats": ["gb45438"]}} in result.obligations
}

test_position_from_data if {
	found := cn_label.results with input as fixture.message({"audience": {"jurisdictions": ["CN"]}})
		with data.legal.cn_label.params.position as "end"
	some result in found
	{"kind": "disclose", "params": {"notice": "ai", "position": "end"}} in result.obligations
}

test_from_the_first_of_september_2025 if {
	results({"now": "2025-08-31T23:59:59.999999Z"}) == set()
	count(results({"now": "2025-09-01T00:00:00.000000Z"})) == 1
}

test_place if {
	results({"audience": {"jurisdictions": ["DE"]}}) == set()
	results({"audience": {"jurisdictions": ["US-CA", "FR"]}}) == set()
	count(results({"audience": {"jurisdictions": []}})) == 1
	count(results({"audience": {"jurisdictions": ["DE", "CN"]}})) == 1
}
