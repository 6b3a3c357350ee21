"""Stop, wait, nods and approvals in every language that the voice may hear."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from agent.session.approval import DEFAULT_RULES
from agent.session.network import PHRASE
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.barge_in import Utterance, decide
from dashboard.voice.intents import (
    Moment,
    classify,
    is_echo,
    is_no,
    is_nod,
    is_stop,
    is_yes,
    says_more,
)
from dashboard.voice.phrases import (
    Language,
    approving,
    heard_in,
    known,
    language_of,
    languages,
    phrases,
    spoken_approval,
)
from dashboard.voice.words import words_of

SAID: dict[Language, dict[str, list[str]]] = yaml.safe_load(
    Path(__file__).with_name("utterances.yaml").read_text("utf-8")
)
MORE: dict[Language, dict[str, list[str]]] = yaml.safe_load(
    Path(__file__).with_name("utterances_more.yaml").read_text("utf-8")
)
OTHERS = tuple(language for language in languages() if language != "en")
ASKED = Moment(running=True, approval_phrase="yes, run it")


def _all(kind: str) -> list[Any]:
    return [
        pytest.param(language, said, id=f"{language}-{said}")
        for language, table in SAID.items()
        for said in table[kind]
    ]


def _declared(*kinds: str) -> list[Any]:
    return [
        pytest.param(language, said, id=f"{language}-{said}")
        for language in languages()
        for kind in kinds
        for said in phrases(language)[kind]
    ]


def test_every_language_has_a_file_and_every_file_its_language() -> None:
    found = {entry.name for entry in files("dashboard.voice.phrases").iterdir()}
    assert {name for name in found if name.endswith(".yaml")} == {f"{x}.yaml" for x in languages()}
    assert set(SAID) == set(MORE) == set(get_args(Language))


def test_the_tables_are_as_long_as_is_promised() -> None:
    assert all(len(table["near"]) >= 10 for table in SAID.values())
    assert sum(len(table["doubtful"]) for table in SAID.values()) >= 200


@pytest.mark.parametrize(("language", "said"), [*_declared("stop_words", "stop_phrases")])
def test_every_phrase_that_stops_does_so_chosen_or_not(language: Language, said: str) -> None:
    assert is_stop(said, chosen=(language,))
    assert is_stop(said.upper() + "!", chosen=(language,))
    assert classify(said, Moment(running=True, languages=(language,))) == "stop"


@pytest.mark.parametrize(("language", "said"), _all("stops"))
def test_a_stop_is_one_whatever_language_was_chosen(language: Language, said: str) -> None:
    assert is_stop(said)
    for other in languages():
        ordinary = tuple(words_of(said)) in known(other, "ordinary")
        assert is_stop(said, chosen=(other,)) or (ordinary and other != language)


@pytest.mark.parametrize(("language", "said"), _all("near"))
def test_what_only_sounds_like_a_stop_is_none(language: Language, said: str) -> None:
    assert not is_stop(said)
    for other in languages():
        assert not is_stop(said, chosen=(other,))
    assert not is_stop(said, interim=True, chosen=(language,))


@pytest.mark.parametrize("language", languages())
def test_more_ways_to_stop_do_and_more_near_misses_do_not(language: Language) -> None:
    for chosen in ((), (language,)):
        assert [said for said in MORE[language]["stops"] if not is_stop(said, chosen=chosen)] == []
        for interim in (False, True):
            near = MORE[language]["near"]
            stops = [said for said in near if is_stop(said, interim=interim, chosen=chosen)]
            assert stops == []


@pytest.mark.parametrize("language", languages())
def test_what_goes_on_otherwise_stops_nothing_while_it_is_said(language: Language) -> None:
    """ "Arrête" may become "arrête pas": however little has been heard so far."""
    for said in MORE[language]["open"]:
        parts = list(said) if language == "ja" else said.split()
        between = "" if language == "ja" else " "
        for end in range(1, len(parts) + 1):
            so_far = between.join(parts[:end])
            assert not is_stop(so_far, interim=True, chosen=(language,)), so_far


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(
    ("kind", "meanings"),
    [
        ("nods", {"backchannel"}),
        ("holds", {"hold"}),
        ("resumes", {"resume"}),
        ("asides", {"aside"}),
        ("allows", {"allow"}),
        ("denies", {"deny", "stop"}),
    ],
)
def test_more_of_what_is_said_means_what_its_table_says(
    language: Language, kind: str, meanings: set[str]
) -> None:
    phrase = "yes, run it" if kind in ("allows", "denies") else ""
    moment = Moment(running=True, approval_phrase=phrase, languages=(language,))
    said = MORE[language][kind]
    assert {each: read for each in said if (read := classify(each, moment)) not in meanings} == {}


@pytest.mark.parametrize("language", languages())
def test_more_that_is_negated_or_doubtful_allows_nothing(language: Language) -> None:
    for chosen in ((), (language,), languages()):
        moment = Moment(running=True, approval_phrase="yes, run it", languages=chosen)
        allowed = [said for said in MORE[language]["doubtful"] if classify(said, moment) == "allow"]
        assert allowed == []


@pytest.mark.parametrize(
    ("said", "chosen", "stops"),
    [
        ("alt", ("it",), True),
        ("alt", (), False),  # a key's name
        ("alt", ("de", "en"), False),
        ("alt", ("de", "it"), True),
        ("alto", ("es",), True),
        ("alto", ("it",), False),  # tall
        ("alto", ("pt",), False),
        ("alto", (), True),
        ("pare", ("pt",), True),
        ("pare", ("it",), False),  # it seems
        ("halt", ("fr",), True),
        ("para", ("ja",), True),
    ],
)
def test_a_stop_of_another_language_is_none_where_it_is_an_ordinary_word(
    said: str, chosen: tuple[Language, ...], *, stops: bool
) -> None:
    assert is_stop(said, chosen=chosen) is stops


@pytest.mark.parametrize(
    ("said", "language"),
    [
        (said, language)
        for language in languages()
        for said in phrases(language).get("stop_begins", [])
    ],
)
def test_what_begins_other_sentences_stops_when_it_is_over_or_goes_on_as_a_stop(
    said: str, language: Language
) -> None:
    """ "Para" may become "para mañana": so long as that is open, it is no stop."""
    chosen = (language,)
    assert not is_stop(said, interim=True, chosen=chosen)
    assert is_stop(said, chosen=chosen)
    tails = "stop_tails" if tuple(words_of(said)) in known(language, "stop_words") else "courtesies"
    assert is_stop(f"{said} {phrases(language)[tails][0]}", interim=True, chosen=chosen)
    assert is_stop(f"{said} {said}", interim=True, chosen=chosen)


@pytest.mark.parametrize("language", languages())
def test_most_ways_to_stop_need_no_end(language: Language) -> None:
    sure = known(language, "stop_words") - known(language, "stop_begins")
    at_once = [words for words in sure if is_stop(" ".join(words), interim=True)]
    assert len(at_once) >= len(sure) - 1 >= 3  # "alto" of one is ordinary for another


@pytest.mark.parametrize(("language", "said"), _all("nods"))
def test_a_listeners_nod_is_one(language: Language, said: str) -> None:
    for chosen in ((), (language,), ("ja", language)):
        assert is_nod(words_of(said), chosen)
        assert classify(said, Moment(running=True, languages=chosen)) == "backchannel"
    assert classify(said, ASKED) != "allow"


def test_a_nod_counts_in_the_languages_that_were_chosen_only() -> None:
    assert not is_nod(["genau"], ("fr",))
    assert is_nod(["genau"], ("fr", "de"))
    assert not is_nod(words_of("なるほど"), ("en",))


@pytest.mark.parametrize(("language", "said"), _all("holds"))
def test_a_wait_is_one(language: Language, said: str) -> None:
    for chosen in ((), (language,), (language, "en")):
        assert classify(said, Moment(running=True, languages=chosen)) == "hold"


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("hold_phrases", "hold"),
        ("resume_phrases", "resume"),
        ("scratch_phrases", "scratch"),
        ("start_over_phrases", "start_over"),
        ("asides", "aside"),
    ],
)
@pytest.mark.parametrize("language", OTHERS)
def test_every_short_command_means_what_its_list_says(
    language: Language, kind: str, meaning: str
) -> None:
    wrong = {
        said: read
        for said in phrases(language)[kind]
        for chosen in ((), (language,))
        if (read := classify(said, Moment(running=True, languages=chosen))) != meaning
    }
    assert wrong == {}


@pytest.mark.parametrize("language", languages())
def test_no_phrase_stands_in_two_lists_of_commands(language: Language) -> None:
    kinds = ("stop_words", "stop_phrases", "hold_phrases", "resume_phrases", "scratch_phrases")
    more = ("start_over_phrases", "asides")
    count = Counter(words for kind in (*kinds, *more) for words in known(language, kind))
    assert [words for words, times in count.items() if times > 1] == []


@pytest.mark.parametrize(("language", "said"), _all("doubtful"))
def test_what_is_negated_or_doubtful_allows_nothing(language: Language, said: str) -> None:
    for chosen in ((), (language,), languages()):
        moment = Moment(running=True, approval_phrase="yes, run it", languages=chosen)
        assert classify(said, moment) != "allow"


@pytest.mark.parametrize("language", OTHERS)
def test_each_approval_has_its_phrase_and_it_allows_just_that(language: Language) -> None:
    asked = sorted({rule.phrase for rule in DEFAULT_RULES} | {PHRASE})
    for phrase in asked:
        assert approving(language, phrase), phrase
        for said in phrases(language)["approvals"][phrase]:
            for chosen in ((), (language,)):
                moment = Moment(running=True, approval_phrase=phrase, languages=chosen)
                assert classify(said, moment) == "allow", said
                assert classify(said + "?", moment) != "allow", said
            for other in asked:
                allows = tuple(words_of(said)) in approving(language, other)
                moment = Moment(running=True, approval_phrase=other, languages=(language,))
                assert (classify(said, moment) == "allow") is allows, (said, other)
    assert (
        spoken_approval("yes, run it", (language,)) in phrases(language)["approvals"]["yes, run it"]
    )


@pytest.mark.parametrize("language", OTHERS)
def test_a_negation_within_the_phrase_takes_it_back(language: Language) -> None:
    for said in phrases(language)["approvals"]["yes, run it"]:
        for no in phrases(language)["negations"]:
            words = said.split()
            for at in range(len(words) + 1):
                near = " ".join([*words[:at], no, *words[at:]])
                moment = Moment(running=True, approval_phrase="yes, run it", languages=(language,))
                assert classify(near, moment) != "allow", near


@pytest.mark.parametrize("language", OTHERS)
def test_each_refusal_refuses_and_is_no_consent(language: Language) -> None:
    asked = Moment(running=True, approval_phrase="yes, run it", languages=(language,))
    for said in phrases(language)["denials"]:
        assert classify(said, asked) in ("deny", "stop"), said
        assert not is_yes(said, (language,)), said
        assert is_no(said, (language,)), said
        assert not says_more(said, (language,)), said


def test_an_approval_of_a_language_that_was_not_chosen_allows_nothing() -> None:
    said = "ja, führ es aus"
    assert classify(said, Moment(approval_phrase="yes, run it", languages=("de",))) == "allow"
    assert classify(said, Moment(approval_phrase="yes, run it", languages=("fr", "en"))) != "allow"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Arrête-toi, s’il te plaît !", ["arrête", "toi", "s'il", "te", "plaît"]),  # noqa: RUF001
        ("止めてください。", ["止", "め", "て", "く", "だ", "さ", "い"]),
        ("ｽﾄｯﾌﾟ", ["ス", "ト", "ッ", "プ"]),
        ("\uff33\uff34\uff2f\uff30", ["stop"]),
        ("Excelを開いて", ["excel", "を", "開", "い", "て"]),
        ("멈춰 줘", ["멈", "춰", "줘"]),
        ("रुको, ज़रा।", ["रुको", "जरा"]),
        ("हाँ", ["हां"]),
        ("تَوَقَّفْ", ["توقف"]),
        ("أَوْقِفْ هٰذا", ["اوقف", "هذا"]),
        ("Всё, стой!", ["все", "стой"]),
    ],
)
def test_words_of_each_script(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("öffne die Datei und schreib einen Brief", "de"),
        ("abre el archivo y escribe una carta", "es"),
        ("ouvre le fichier et écris une lettre", "fr"),
        ("apri il file e scrivi una lettera", "it"),
        ("abra o arquivo e escreva uma carta", "pt"),
        ("ファイルを開いて", "ja"),
        ("파일을 열어", "ko"),
        ("открой файл", "ru"),
        ("फ़ाइल खोलो", "hi"),
        ("افتح الملف", "ar"),
        ("open the file and write a letter", "en"),
        ("xyzzy", "en"),
    ],
)
def test_the_language_of_a_sentence(text: str, language: Language) -> None:
    assert language_of(text) == language
    assert language_of(text, ("en", language)) == language


def test_only_what_was_chosen_can_be_heard() -> None:
    assert heard_in("なるほど", ("de",)) == ("de",)
    assert heard_in("なるほど") == ("ja",)
    assert set(heard_in("okay")) == {"en", "es", "fr", "de", "it", "pt"}
    assert language_of("xyzzy", ("it", "fr")) == "it"


@pytest.mark.parametrize(
    ("heard", "playing", "echo"),
    [
        ("ich öffne jetzt den Editor", "Ich öffne jetzt den Editor für dich.", True),
        ("öffne den Browser", "Ich öffne jetzt den Editor für dich.", False),
        ("エディターを開いています", "今、エディターを開いています。", True),
        ("はい", "はい、開いています。", False),  # too short for an echo
        ("편집기를 열고 있습니다", "지금 편집기를 열고 있습니다.", True),
        ("открываю редактор сейчас", "Я открываю редактор сейчас.", True),
    ],
)
def test_an_echo_is_known_in_every_script(heard: str, playing: str, *, echo: bool) -> None:
    assert is_echo(heard, playing) is echo


@pytest.mark.parametrize("language", OTHERS)
def test_over_the_assistants_voice_a_nod_leaves_it_and_a_stop_takes_it(language: Language) -> None:
    moment, table = Moment(running=True, playing="The file is saved."), SAID[language]
    addressee = AddresseeDetector()
    for said in table["nods"]:
        assert decide(Utterance(said, 900, over=True), moment, addressee) == "keep", said
    for said in table["stops"]:
        assert decide(Utterance(said, 900, over=True), moment, addressee) == "stop", said
    for said in table["holds"]:
        assert decide(Utterance(said, 2500, over=True), moment, addressee) == "yield", said


@pytest.mark.parametrize(
    "said", ["nein, nimm die andere Datei", "abre el archivo de ayer", "открой другой файл"]
)
def test_free_words_of_another_language_take_the_floor(said: str) -> None:
    """What tells the agent's words from others' is English: without it they are believed."""
    moment, addressee = Moment(running=True, playing="The file is saved."), AddresseeDetector()
    assert decide(Utterance(said, 2000, over=True), moment, addressee) == "yield"
