package packs.baseline.handover_test

import data.lib.fixture
import data.packs.baseline.handover

says(author, turn) := results if {
	results := handover.results with input as fixture.message({
		"message": {"author": author},
		"human_turn": turn,
	})
}

verdicts(author, turn) := fixture.verdicts(says(author, turn))

notices(author, turn) := fixture.notices(says(author, turn))

test_the_avatar_waits_while_a_person_speaks if {
	verdicts("avatar", {"active": true, "by_author": false, "told": true}) == {"hold"}
	verdicts("avatar", {"active": false, "by_author": false, "told": true}) == set()
}

test_a_person_is_introduced_once if {
	verdicts("human", {"active": true, "by_author": true, "told": false}) == {"publish"}
	notices("human", {"active": true, "by_author": true, "told": false}) == {"human"}
	verdicts("human", {"active": true, "by_author": true, "told": true}) == set()
}

test_nobody_else_speaks_as_a_person if {
	every turn in [
		{"active": true, "by_author": false, "told": false},
		{"active": false, "by_author": true, "told": true},
		{"active": false, "by_author": false, "told": false},
	] {
		verdicts("human", turn) == {"block"}
	}
}

test_a_document_that_does_not_say_is_no_permission if {
	results := handover.results with input as fixture.message({"message": {"author": "human"}})
	fixture.verdicts(results) == {"block"}
}

test_documents_from_before_are_the_avatars if {
	count(handover.results) == 0 with input as fixture.quiet
}
