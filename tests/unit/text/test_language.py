"""Ordinary chat in the languages that must be right, written for this test."""

from __future__ import annotations

import pytest

from gateway.text.language import Languages, declared_language

LANGUAGES = Languages()

CHAT = {
    "en": """
        just finished that boss, took me ages lol
        which song should i cover next?
        the sourdough came out perfect this time
        leg day tomorrow, who's with me
        thanks for 10k everybody!!
        new vlog drops friday
        did you guys catch the finale
        my cat walked across the keyboard again
        can't believe we won that round
        love your hair in this one
        see you all on stream
        gg well played
    """,
    "fr": """
        on se capte ce soir pour le live ?
        trop hâte de vous montrer le nouveau clip
        j'ai raté ma pâte à crêpes encore une fois
        mdr t'as vu sa tête
        merci pour les 5000 abonnés !!
        quel boss vous a posé le plus de problèmes
        demain séance jambes, courage à moi
        la vidéo sort vendredi
        c'est quoi ton plat préféré
        bon courage pour tes examens
        y a quelqu'un qui connaît ce jeu
        tkt ça va le faire
    """,
    "es": """
        qué pasada de directo chicos
        mañana subo la receta de las croquetas
        gracias por tanto cariño de verdad
        alguien quiere jugar una ranked
        me encanta esa canción
        no puedo más con este jefe final
        cuándo sale el próximo vídeo
        hoy toca pierna en el gym
        jajaja te pillaron
        feliz cumple crack
        vamos a por el siguiente nivel
    """,
    "de": """
        heute abend geht's weiter mit dem spiel
        danke euch allen für die tollen kommentare
        ich hab die soße komplett versalzen
        welches lied soll ich als nächstes spielen
        wer ist morgen beim stream dabei
        das war echt knapp gerade
        freu mich schon auf samstag
        kannst du das rezept nochmal posten
        so ein schöner tag draußen
        schlaft gut ihr lieben
        bin gleich wieder da
    """,
    "zh": """
        今晚八点开播哦
        这首歌太好听了吧
        谢谢大家的礼物
        明天教你们做红烧肉
        主播加油！
        有没有人一起打排位
        我刚刚健身回来好累啊
        新视频什么时候出
        这个boss太难打了
        早点休息,晚安
    """,
    "ar": """
        شكرا لكم على الدعم
        متى البث القادم؟
        هذه الأغنية رائعة جدا
        غدا سأشارككم وصفة الكبسة
        صباح الخير يا جماعة
        من يريد اللعب معي الليلة
        الفيديو الجديد يوم الجمعة
        والله ضحكت كثيرا
        كيف كان التمرين اليوم
        أحبكم جميعا ❤️
    """,
}
LINES = [
    (language, line.strip())
    for language, lines in CHAT.items()
    for line in lines.strip().splitlines()
]


@pytest.mark.parametrize(("language", "line"), LINES)
def test_chat(language: str, line: str) -> None:
    found, score = LANGUAGES(line)
    assert found == language
    assert 0.5 < score <= 1.0


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("ja", "今日のご飯は美味しかった"),
        ("ja", "ありがとう!"),
        ("ko", "오늘 방송 재밌었어요 ㅋㅋ"),
        ("ru", "всем привет, как дела"),
        ("uk", "дякую, їжа була смачна"),
        ("fa", "می‌خواهم گیم بازی کنم"),
        ("ur", "یہ گانا بہت اچھا ہے"),
        ("el", "καλημέρα σε όλους"),
        ("he", "תודה רבה לכולם"),
        ("hi", "आप सब कैसे हैं"),
        ("th", "ขอบคุณทุกคนมาก"),
        ("it", "grazie mille ragazzi, ci vediamo stasera"),
        ("pt", "obrigado galera, amanhã tem live de novo"),
        ("nl", "bedankt allemaal, tot morgen bij de stream"),
        ("pl", "dziękuję wszystkim, było świetnie"),
        ("tr", "teşekkürler arkadaşlar, görüşürüz"),
        ("zh", "今天直播玩 Elden Ring 哦"),
        ("en", "watching 你好 together was really fun guys"),
    ],
)
def test_other_scripts_and_languages(language: str, line: str) -> None:
    assert LANGUAGES(line)[0] == language


@pytest.mark.parametrize(
    "line", ["", "   ", "12 34", "😀😀 !!!", "https://example.com/the/and/of", "@the_one", "zzzz"]
)
def test_hopeless(line: str) -> None:
    assert LANGUAGES(line) == ("und", 0.0)


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("zh-Hant-TW", "zh"),
        ("es-419", "es"),
        ("de-CH-1996", "de"),
        ("en-u-ca-gregory", "en"),
        ("en-x-avatar", "en"),
        ("zho", "zh"),
        ("cmn-Hans", "zh"),
        ("gsw", "gsw"),
        (None, None),
        ("", None),
        ("und", None),
        ("english", None),
        ("fr_FR", None),
        ("f", None),
        ("fr-", None),
        ("x-private", None),
        ("fr\n", None),
        ("en" + "-aaaaa" * 40, None),
    ],
)
def test_declared_tags(tag: str | None, language: str | None) -> None:
    assert declared_language(tag) == language
