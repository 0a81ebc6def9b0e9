"""Addresses of crypto-currency wallets."""

from __future__ import annotations

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import CryptoRecognizer

from gateway.pii.message import Prefilter
from gateway.pii.pattern_rule import PatternRule
from gateway.pii.placeholders import WALLET


def bitcoin() -> PatternRule:
    return PatternRule(
        recognizer=CryptoRecognizer(),
        placeholder=WALLET,
        about="Bitcoin addresses (P2PKH, P2SH, Bech32) with their checksum.",
        gate=Prefilter(run=26),
        checksum=True,
    )


def ethereum() -> PatternRule:
    return PatternRule(
        recognizer=PatternRecognizer(
            supported_entity="CRYPTO",
            name="EthereumRecognizer",
            patterns=[Pattern("address", r"(?<![A-Z0-9])0x[0-9a-f]{40}(?![A-Z0-9])", 0.8)],
        ),
        placeholder=WALLET,
        about="Ethereum addresses: 0x and 40 hexadecimal digits.",
        gate=Prefilter(run=42),
    )
