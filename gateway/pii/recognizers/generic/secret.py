"""Keys, tokens and passwords."""

from __future__ import annotations

import re

from presidio_analyzer import Pattern, PatternRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import SECRET

# Prefixes as their issuers document them.
_TOKENS = {
    "aws access key": r"(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}",
    "github": r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
    "gitlab": r"glpat-[A-Za-z0-9_\-]{20,64}",
    "slack": r"xox[abeoprs]-[A-Za-z0-9\-]{10,255}|xapp-[A-Za-z0-9\-]{10,255}",
    "slack webhook": r"hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/]{20,90}",
    "stripe": r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,255}",
    "openai, anthropic": r"sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_\-]{20,255}",
    "google": r"AIza[A-Za-z0-9_\-]{35}|ya29\.[A-Za-z0-9_\-]{20,512}",
    "google client": r"GOCSPX-[A-Za-z0-9_\-]{20,64}",
    "groq, replicate, xai, perplexity":
        r"gsk_[A-Za-z0-9]{40,64}|r8_[A-Za-z0-9]{30,64}|xai-[A-Za-z0-9]{40,128}"
        r"|pplx-[A-Za-z0-9]{32,64}",
    "shopify": r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    "digitalocean": r"do[opr]_v1_[a-f0-9]{64}",
    "databricks": r"dapi[a-f0-9]{32}",
    "atlassian": r"ATATT3[A-Za-z0-9_\-=]{20,255}",
    "notion, linear": r"ntn_[A-Za-z0-9]{40,64}|lin_api_[A-Za-z0-9]{30,64}",
    "vault": r"hv[sbr]\.[A-Za-z0-9_\-]{24,255}",
    "grafana": r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}|glc_[A-Za-z0-9+/=]{32,255}",
    "docker, supabase": r"dckr_pat_[A-Za-z0-9_\-]{20,64}|sbp_[a-f0-9]{40}",
    "square": r"sq0(?:atp|csp)-[A-Za-z0-9_\-]{22,64}",
    "age": r"AGE-SECRET-KEY-1[A-Z0-9]{58}",
    "azure": r"AccountKey=[A-Za-z0-9+/]{86}==",
    "hugging face": r"hf_[A-Za-z0-9]{30,64}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "pypi": r"pypi-[A-Za-z0-9_\-]{50,512}",
    "sendgrid": r"SG\.[A-Za-z0-9_\-]{16,32}\.[A-Za-z0-9_\-]{32,64}",
    "telegram bot": r"\d{8,10}:AA[A-Za-z0-9_\-]{33}",
    "discord webhook": r"discord(?:app)?\.com/api/webhooks/\d{15,21}/[A-Za-z0-9_\-]{50,90}",
    "json web token":
        r"eyJ[A-Za-z0-9_\-]{8,2048}\.eyJ[A-Za-z0-9_\-]{8,4096}\.[A-Za-z0-9_\-]{0,1024}",
}  # fmt: skip
_PIECES = (
    "akia", "asia", "agpa", "aida", "aroa", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_",
    "glpat-", "xox", "k_live_", "k_test_", "sk-", "aiza", "ya29.", "hf_", "npm_", "pypi-", "sg.",
    ":aa", "webhooks/", "eyj", "xapp-", "hooks.slack", "gocspx-", "gsk_", "r8_", "xai-", "pplx-",
    "shpat_", "shpca_", "shppa_", "shpss_", "_v1_", "dapi", "atatt3", "ntn_", "lin_api_", "hvs.",
    "hvb.", "hvr.", "glsa_", "glc_", "dckr_pat_", "sbp_", "sq0", "age-secret", "accountkey=",
)  # fmt: skip
_LEAST_TOKEN = 14  # characters of the shortest tokens, which are Slack's
_KEY = (
    r"-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s:,\-]{0,16000}?-----END (?:[A-Z]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"|[A-Za-z0-9+/=\s]{0,16000})"
)
_WORDS = (
    "password", "passwd", "passphrase", "pwd", "passcode", "mot de passe", "mdp", "contraseña",
    "contrasena", "passwort", "kennwort", "senha", "密码", "كلمة السر", "api key", "api_key",
    "api-key", "apikey", "clé api", "cle api", "secret key", "secret_key", "client_secret",
    "secret access key", "secret_access_key",
    "access token", "access_token", "auth token", "bearer", "token",
)  # fmt: skip
_WORD_PIECES = (
    "pass", "pwd", "mdp", "contrase", "kennwort", "senha", "密码", "كلمة السر", "api", "secret",
    "token", "bearer",
)  # fmt: skip
_STATED = (
    rf"(?<![a-z])(?:{'|'.join(_WORDS)})[\"']?"
    r"(?:\s{0,3}(?:[:=：]|=>|->)\s{0,3}|\s{1,3}(?:is|est|es|ist|é|c'est|:)\s{1,3}:?\s{0,2})"
    r"[\"'`]?\K(?=[^\s\"'`]{0,64}?[\d!#$%&*^~+=_\-])[^\s\"'`]{5,256}[^\s\"'`.,;)]"
)
_BEARER = r"(?<![a-z])bearer\s{1,3}\K[A-Za-z0-9_\-.=+/]{20,2048}"
_BASIC = r"[a-z][a-z0-9+]{1,15}://[^\s:/@]{1,64}:\K[^\s/@]{3,128}(?=@)"


def tokens() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="SECRET",
            name="TokenRecognizer",
            patterns=[
                Pattern(name, rf"(?<![A-Za-z0-9_\-])(?:{body})(?![A-Za-z0-9_])", 0.95)
                for name, body in _TOKENS.items()
            ],
            global_regex_flags=0,
        ),
        placeholder=SECRET,
        about="Keys and tokens with an issuer's prefix: AWS, GitHub, GitLab, Slack, Stripe, "
        "OpenAI, Anthropic, Google, Groq, Replicate, xAI, Perplexity, Hugging Face, npm, PyPI, "
        "SendGrid, Telegram, Discord, Shopify, DigitalOcean, Databricks, Atlassian, Notion, "
        "Linear, Vault, Grafana, Docker, Supabase, Square, age, Azure, and JSON Web Tokens.",
        gate=Prefilter(chunk=_LEAST_TOKEN, groups=(_PIECES,)),
    )


def twilio() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="SECRET",
            name="TwilioRecognizer",
            patterns=[Pattern("sid", r"(?<![A-Za-z0-9])(?:AC|SK)[0-9a-f]{32}(?![A-Za-z0-9])", 0.8)],
            global_regex_flags=0,
        ),
        placeholder=SECRET,
        about="Account and key identifiers of Twilio.",
        gate=Prefilter(run=34),
    )


def private_key() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="SECRET",
            name="PrivateKeyRecognizer",
            patterns=[Pattern("PEM", _KEY, 0.99)],
        ),
        placeholder=SECRET,
        about="Private keys in PEM armour, also cut off.",
        gate=Prefilter(groups=(("private key",),)),
    )


def stated() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="SECRET",
            name="StatedSecretRecognizer",
            patterns=[
                Pattern("stated", _STATED, 0.75),
                Pattern("bearer", _BEARER, 0.8),
            ],
        ),
        placeholder=SECRET,
        about="What follows “password:”, “mot de passe :”, “api key =” and the like, where it "
        "has a digit or a sign; bearer tokens.",
        gate=Prefilter(groups=(_WORD_PIECES,)),
    )


def in_link() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="SECRET",
            name="LinkPasswordRecognizer",
            patterns=[Pattern("password", _BASIC, 0.8)],
        ),
        placeholder=SECRET,
        about="Passwords inside links: https://user:password@host.",
        gate=Prefilter(groups=(("://",), ("@",)), quick=re.compile(r"://[^\s:/@]{1,64}:")),
    )
