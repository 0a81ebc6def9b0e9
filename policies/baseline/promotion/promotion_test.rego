package packs.baseline.promotion_test

import data.lib.fixture
import data.packs.baseline.promotion

test_a_promotion_is_labelled_on_every_channel if {
	every channel in ["space", "group", "dm", "comment", "live"] {
		results := promotion.results with input as fixture.message({"message": {"channel": channel}, "commercial": {"paid_partnership": true}})
		fixture.verdicts(results) == {"publish"}
		{result.obligations | some result in results} == {[{"kind": "disclose", "params": {"notice": "ad", "position": "start"}}]}
	}
}

test_what_reads_like_an_ad_waits_for_a_person if {
	results := promotion.results with input as fixture.said("fr.influ", {})
	fixture.verdicts(results) == {"hold"}
}

test_an_ordinary_message_is_no_promotion if {
	results := promotion.results with input as fixture.message({})
	results == set()
}
