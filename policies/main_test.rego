package gateway_test

import data.gateway
import data.lib.fixture

result(rule, verdict, obligations) := {
	"rule": rule,
	"text": "Because.",
	"verdict": verdict,
	"obligations": obligations,
}

notice(name) := {"kind": "disclose", "params": {"notice": name, "position": "start"}}

decide(results) := decision if {
	decision := gateway.decision with data.packs as {"own": {"rule": {"results": results}}}
		with input as fixture.quiet
}

test_no_results_publish if {
	decide(set()) == {"verdict": "publish", "reasons": [], "obligations": []}
}

test_an_ordinary_message_is_published if {
	decision := gateway.decision with input as fixture.quiet
	decision.verdict == "publish"
	{reason.rule | some reason in decision.reasons} == {"baseline.mark", "eu.aia.50.2"}
}

test_strictest_wins if {
	decide({result("a", "publish", []), result("b", "hold", [])}).verdict == "hold"
	decide({result("a", "block", []), result("b", "hold", [])}).verdict == "block"
	decide({result("a", "publish", [])}).verdict == "publish"
}

test_reasons_are_sorted_by_rule if {
	decision := decide({result("b", "hold", []), result("a", "publish", []), result("c", "publish", [])})
	[reason.rule | some reason in decision.reasons] == ["a", "b", "c"]
}

test_equal_obligations_merge_and_name_their_rules if {
	decision := decide({
		result("b", "publish", [notice("ai")]),
		result("a", "publish", [notice("ai"), notice("ad")]),
	})
	decision.obligations == [
		{"kind": "disclose", "params": {"notice": "ad", "position": "start"}, "rules": ["a"]},
		{"kind": "disclose", "params": {"notice": "ai", "position": "start"}, "rules": ["a", "b"]},
	]
}

test_results_of_several_packs_are_collected if {
	decision := gateway.decision with data.packs as {
		"one": {"x": {"results": {result("one.x", "publish", [])}}},
		"two": {"y": {"results": {result("two.y", "hold", [])}}, "empty": {}},
	}
		with input as fixture.quiet
	[reason.rule | some reason in decision.reasons] == ["one.x", "two.y"]
	decision.verdict == "hold"
}

test_unavailable_holds_and_names_the_stage if {
	decision := gateway.decision with input as fixture.message({"unavailable": [{"stage": "toxicity", "reason": "no answer within 50 ms"}]})
	decision.verdict == "hold"
	some reason in decision.reasons
	reason.rule == "gateway.unavailable"
	contains(reason.text, "toxicity")
}

test_unavailable_does_not_soften_a_block if {
	decision := gateway.decision with data.packs as {"own": {"rule": {"results": {result("a", "block", [])}}}}
		with input as fixture.message({"unavailable": [{"stage": "pii", "reason": "worker gone"}]})
	decision.verdict == "block"
}

test_a_malformed_result_blocks if {
	every broken in {
		"unknown verdict": result("a", "deny", []),
		"no verdict": {"rule": "a", "text": "Because.", "obligations": []},
		"no text": {"rule": "a", "verdict": "block", "obligations": []},
		"no rule": {"text": "Because.", "verdict": "block", "obligations": []},
		"no obligations": {"rule": "a", "text": "Because.", "verdict": "publish"},
		"obligation without params": result("a", "publish", [{"kind": "redact"}]),
		"not an object": "block",
	} {
		decision := decide({result("b", "publish", []), broken})
		decision.verdict == "block"
		"gateway.malformed" in {reason.rule | some reason in decision.reasons}
	}
}

# Whole decisions are tested here: packages under `packs` must not refer to the decision, which
# is made of them.

judged(message) := decision if {
	decision := gateway.decision with input as message
}

test_the_crisis_answer_goes_out_at_night_and_whatever_the_text_scored if {
	decision := judged(fixture.heard("creator.self_harm", {
		"creator": {"quiet": true},
		"findings": {"toxicity": {"scores": {"toxicity": 0.95}}},
	}))
	decision.verdict == "publish"
	{"kind": "replace", "params": {"template": "crisis"}, "rules": ["creator.self_harm"]} in decision.obligations
	{"kind": "escalate", "params": {"to": "reviewer", "why": "suicide or self-harm"}, "rules": ["creator.self_harm"]} in decision.obligations
}

test_nothing_said_keeps_the_crisis_answer_back if {
	every list in ["creator.promise", "creator.guilt", "eu.aia.5", "creator.romance", "creator.medical_advice", "fr.influ"] {
		every audience in [{"minor": "yes", "age_from": null, "jurisdictions": ["US"]}, {"minor": "unknown", "jurisdictions": []}, {"minor": "no", "jurisdictions": ["FR"]}] {
			decision := judged(fixture.message({
				"audience": audience,
				"findings": {
					"signals": [
						{"list": "creator.self_harm", "source": "en:1", "start": 0, "end": 5, "in": "human"},
						{"list": list, "source": "en:1", "start": 0, "end": 5, "in": "text"},
					],
					"toxicity": {"scores": {"toxicity": 0.99}},
				},
				"text": {"length": 30000},
				"creator": {"denied_topics": ["cooking"], "brands": {"deny": ["acme"]}},
			}))
			decision.verdict == "publish"
			{"kind": "replace", "params": {"template": "crisis"}, "rules": ["creator.self_harm"]} in decision.obligations
		}
	}
}

test_a_creators_own_rule_does_not_either if {
	decision := judged(fixture.heard("creator.self_harm", {}))
		with data.packs.shop.own as {"results": {{"rule": "shop.own", "text": "No.", "verdict": "block", "obligations": []}}}
	decision.verdict == "publish"
	{"rule": "shop.own", "text": "No.", "verdict": "publish"} in decision.reasons
}

test_files_are_not_replaced if {
	files := [{"content_type": "application/zip", "sha256": "0"}]
	judged(fixture.heard("creator.self_harm", {"media": files})).verdict == "hold"
}

test_who_withdrew_the_avatar_is_heeded_and_a_person_is_called if {
	decision := judged(fixture.heard("creator.self_harm", {"creator": {"kill_switch": true}}))
	decision.verdict == "block"
	{"kind": "escalate", "params": {"to": "reviewer", "why": "suicide or self-harm"}, "rules": ["creator.self_harm"]} in decision.obligations
}

test_a_kill_switch_blocks_even_the_crisis_answer if {
	judged(fixture.heard("creator.self_harm", {"creator": {"kill_switch": true}})).verdict == "block"
}

test_a_denial_is_published_as_the_honest_answer if {
	decision := judged(fixture.message({"findings": {"signals": [
		{"list": "creator.human_claim", "source": "en:1", "start": 0, "end": 5, "in": "text"},
		{"list": "creator.asked_if_human", "source": "en:1", "start": 0, "end": 5, "in": "human"},
	]}}))
	decision.verdict == "publish"
	{"kind": "replace", "params": {"template": "honest_answer"}, "rules": ["creator.human_claim"]} in decision.obligations
}

test_a_first_message_to_someone_unknown_is_told_and_marked if {
	decision := judged(fixture.message({
		"audience": {"known": false, "minor": "unknown", "jurisdictions": []},
		"contact": {"first": true, "since_first_s": null, "gap_s": null},
	}))
	decision.verdict == "publish"
	{
		"kind": "disclose",
		"params": {"notice": "ai", "position": "start"},
		"rules": ["baseline.notice", "cn.anthro", "cn.label", "eu.aia.50.1", "kr.31", "us.ca.sb243", "us.me", "us.ny.gbl47", "us.ut"],
	} in decision.obligations
}

# Laws together: everything that any of them asks for is done.

notices(decision) := {one.params.notice | some one in decision.obligations; one.kind == "disclose"}

test_the_shortest_interval_wins if {
	here := {"now": "2027-03-01T12:00:00.000000Z", "audience": {"minor": "yes", "age_from": 16, "jurisdictions": ["US-WA", "US-NY"]}}
	notices(judged(fixture.shown({"ai": 3599}, here))) == set()
	notices(judged(fixture.shown({"ai": 3600}, here))) == {"ai_reminder"}
}

test_labels_unite if {
	here := {
		"commercial": {"paid_partnership": true},
		"editorial": {"public_interest": true},
		"message": {"channel": "live"},
		"audience": {"jurisdictions": ["FR", "US-CA", "CN"]},
	}
	decision := judged(fixture.shown({}, here))
	notices(decision) == {"ai", "ad", "ai_public"}
	{
		"kind": "disclose",
		"params": {"notice": "ad", "position": "start"},
		"rules": ["baseline.promotion", "fr.influ", "us.ftc.255"],
	} in decision.obligations
}

test_any_prohibition_wins if {
	said := {"audience": {"jurisdictions": ["FR", "US-CA"]}, "commercial": {"paid_partnership": true}}
	judged(fixture.said("eu.aia.5", said)).verdict == "block"
	judged(fixture.said("eu.aia.5", {"audience": {"jurisdictions": ["CH"]}})).verdict == "publish"
}

test_the_switch_over_of_december_2026 if {
	judged(fixture.said("eu.aia.5", {"now": "2026-12-01T23:59:59.999999Z"})).verdict == "publish"
	judged(fixture.said("eu.aia.5", {"now": "2026-12-02T00:00:00.000000Z"})).verdict == "block"
}
