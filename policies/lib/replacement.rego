# METADATA
# title: Texts that will be replaced
# description: >-
#   Where the crisis answer takes the place of the avatar's words, those words are never shown.
#   Holding them would only keep the answer from someone who needs it now.
package lib.replacement

crisis if {
	some signal in input.findings.signals
	signal.list == "creator.self_harm"
	some result in data.packs.creator.self_harm.results
	some obligation in result.obligations
	obligation.kind == "replace"
}
