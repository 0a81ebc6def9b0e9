package packs.creator.asked_if_human_test

import data.lib.fixture
import data.packs.creator.asked_if_human

question := {"list": "creator.asked_if_human", "source": "en:1", "start": 0, "end": 5, "in": "human"}

claim := {"list": "creator.human_claim", "source": "en:1", "start": 0, "end": 5, "in": "text"}

found(signals) := results if {
	results := asked_if_human.results with input as fixture.message({"findings": {"signals": signals}})
}

test_the_answer_is_added if {
	fixture.notices(found([question])) == {"ai_answer"}
	fixture.verdicts(found([question])) == {"publish"}
}

test_no_question_no_answer if {
	found([]) == set()
	found([object.union(question, {"in": "text"})]) == set()
}

test_the_replacement_answers_by_itself if {
	found([question, claim]) == set()
}

test_a_person_answers_for_themselves if {
	results := asked_if_human.results with input as fixture.message({"message": {"author": "human"}, "findings": {"signals": [question]}})
	results == set()
}
