"""Makes docs/reference/statements-of-reasons.md: what is said there of rules is the code's."""

from __future__ import annotations

from gateway.reporting.reasons import DEFAULTS


def page() -> str:
    rows = "".join(
        f"| `{rule}` | `{reason.category}` | "
        + (", ".join(f"`{word}`" for word in reason.specification) or "–")
        + " |\n"
        for rule, reason in sorted(DEFAULTS.items())
    )
    return PAGE.replace("{rows}", rows)


PAGE = """\
# Statements of reasons

`audit reasons` and `GET /v1/audit/reasons` write one statement for every block and every hold (dry
runs apart), in the shape that the DSA Transparency Database takes: schema of API v2, in force since
2025-07-01, from the Commission's
[API and Schema](https://transparency.dsa.ec.europa.eu/page/api-documentation) and the
[source of the database](https://github.com/digital-services-act/transparency-database), read on
2026-11-22. The gateway prepares them; the platform, which has the account there, submits them:
`--batches` (over HTTP `format=batches`) writes up to 100 in a line, as one request takes them.

Whether a message that was never published needs a statement at all is the platform's question to
answer. What follows is how one is made where it does.

## What stands where, and from what

| field | value |
|---|---|
| `decision_visibility` | always `DECISION_VISIBILITY_OTHER`: nothing was visible yet, so nothing was removed or disabled |
| `decision_visibility_other` | that it was blocked, or held back until a person decides, or rejected by a person |
| `decision_facts` | fixed words with the channel, the verdict, the ids of the rules that asked for it, checks that gave no answer, the number of the entry and the name of the log |
| `decision_ground` | `…_INCOMPATIBLE_CONTENT`; `…_ILLEGAL_CONTENT` only for rules with a `legal_ground` in the profile |
| `incompatible_content_ground`, `illegal_content_legal_ground` | the profile's `contract_ground`, `legal_ground` |
| `…_explanation` | the profile's `explanation` of each rule; else the rule's id and title |
| `category`, `category_addition`, `category_specification` | the profile's; else the table below; else `STATEMENT_CATEGORY_OTHER_VIOLATION_TC` |
| `content_type` | `CONTENT_TYPE_TEXT` and `CONTENT_TYPE_SYNTHETIC_MEDIA` (AI wrote it); image, audio, video where such was attached |
| `content_language` | the language as read, where it has a two-letter code |
| `content_date`, `application_date` | days on which the message was received, and judged (UTC) |
| `territorial_scope` | the profile's |
| `source_type` | `SOURCE_VOLUNTARY`: the gateway checks on its own initiative, nobody notified it |
| `automated_detection` | `Yes` |
| `automated_decision` | `AUTOMATED_DECISION_FULLY`; `…_PARTIALLY` where a person reviewed it |
| `puid` | the id of the decision, a hyphen, the number of the entry |
| `decision_ground_reference_url`, `account_type` | the profile's, else absent |

A hold that is released later had its statement; what the platform does about it then (it was
withheld for some hours) is not in the log. A hold that expires is not stated twice.

**No personal data.** Free text is made of fixed words, ids and titles of rules, and what the profile
says: never of the message, of a reason that a policy worded, or of what a reviewer wrote; and no id
of a person, conversation, creator or avatar is in it. Titles of rules and the profile are the
operator's own words: keep names out of them.

## The profile

What no entry can tell is in a TOML file (`dsa_profile`, or `--profile`). Without it there are no
statements: nothing of it is guessed.

```toml
platform = "Example Social"               # for the manifest; the database knows it by the account
territorial_scope = ["DE", "FR"]          # EU and EEA countries
contract_ground = "Community rules, section 4"
# reference_url = "https://social.example/rules"
# account_type = "ACCOUNT_TYPE_BUSINESS"

[rules."creator.sexual"]                  # only where the defaults do not fit
category = "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
specification = ["KEYWORD_AGE_SPECIFIC_RESTRICTIONS_MINORS"]
legal_ground = "…"                        # only where what the rule stops is illegal
explanation = "…"
```

## Categories of the shipped rules

All others are violations of the terms, as far as the profile does not say otherwise.

| rule | category | specification |
|---|---|---|
{rows}"""
