package packs.baseline.notice_test

import data.lib.fixture
import data.packs.baseline.notice

first := {"contact": {"since_s": {"start": 0}}}

test_the_first_contact_is_labelled_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		results := notice.results with input as object.union(fixture.on(channel), first)
		{result.obligations | some result in results} == {[{"kind": "disclose", "params": {"notice": "ai", "position": "start"}}]}
		fixture.verdicts(results) == {"publish"}
	}
}

test_who_was_told_is_not_told_again if {
	results := notice.results with input as fixture.message({"contact": {"since_s": {"start": -1}}})
	results == set()
}

test_a_persons_words_are_no_ais if {
	results := notice.results with input as object.union(fixture.message({"message": {"author": "human"}}), first)
	results == set()
}

test_an_operator_may_switch_it_off if {
	results := notice.results with input as object.union(fixture.message({}), first)
		with data.baseline.notice.first_contact as false
	results == set()
}
