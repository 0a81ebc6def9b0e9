package packs.creator.human_claim_test

import data.lib.fixture
import data.packs.creator.human_claim

claim := {"list": "creator.human_claim", "source": "en:1", "start": 0, "end": 5, "in": "text"}

question := {"list": "creator.asked_if_human", "source": "en:1", "start": 0, "end": 5, "in": "human"}

found(signals) := results if {
	results := human_claim.results with input as fixture.message({"findings": {"signals": signals}})
}

test_an_unasked_claim_blocks if {
	fixture.verdicts(found([claim])) == {"block"}
	fixture.kinds(found([claim])) == set()
}

test_a_denial_is_replaced_by_the_honest_answer if {
	results := found([claim, question])
	fixture.verdicts(results) == {"publish"}
	some result in results
	result.obligations == [{"kind": "replace", "params": {"template": "honest_answer"}}]
}

test_no_claim_says_nothing if {
	found([]) == set()
	found([question]) == set()
}

test_a_human_may_be_human if {
	found([object.union(claim, {"in": "human"})]) == set()
}

test_the_avatar_asking_is_no_question_of_the_person if {
	fixture.verdicts(found([claim, object.union(question, {"in": "text"})])) == {"block"}
}

test_a_person_may_say_so if {
	every signals in [[claim], [claim, question]] {
		results := human_claim.results with input as fixture.message({"message": {"author": "human"}, "findings": {"signals": signals}})
		results == set()
	}
}
