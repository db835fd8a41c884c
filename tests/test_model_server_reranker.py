"""The reranker `server`: pairs of a question and a picture over HTTP, against the stand-in."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import jinja2
import pytest

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Candidate, Judgement, Query, Reranker
from mmrag_video.models.registry import load_model, load_reranker
from mmrag_video.models.server.llama import REMEDIES as LLAMA_REMEDIES
from mmrag_video.models.server.prompts import reranking_prompt
from mmrag_video.models.server.protocol import Content, Symptom
from mmrag_video.models.server.vllm import REMEDIES as VLLM_REMEDIES
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from tests.markdown import ROOT
from tests.model_server import END, ModelServer
from tests.test_model_server import PROTOCOLS, one_sentence, plain
from tests.toy_model import COLOURS, Fault

BLUE_CAR = Query(text="a blue car")
TEMPLATE = ROOT / "configs" / "qwen3-vl-reranker.jinja"


@pytest.fixture(params=PROTOCOLS)
def server(request) -> Iterator[ModelServer]:
    with ModelServer(request.param) as server:
        yield server


def reranker_of(server: ModelServer, batch: int = 2, **at: object) -> Reranker:
    at = {"reranker_url": server.url, "protocol": server.protocol, "time_limit": 20, **at}
    settings = ModelSettings.model_validate({"name": "basic", "server": at, "batch": batch})
    return load_reranker(settings, "server")


def candidates(images: Sequence[Image]) -> list[Candidate]:
    return [Candidate({}, 0.5, lambda image=image: image) for image in images]


def judged(reranker: Reranker, query: Query = BLUE_CAR) -> list[Judgement]:
    return reranker.judge(query, candidates([plain(colour) for colour in COLOURS]))


def refusal(reranker: Reranker) -> str:
    with pytest.raises(ModelError) as caught:
        judged(reranker)
    return one_sentence(caught.value)


def test_what_matches_scores_best_and_the_order_is_the_candidates(server):
    reranker = reranker_of(server)
    assert reranker.looks_at_pictures
    judgements = judged(reranker)
    scores = dict(zip(COLOURS, [one.score for one in judgements], strict=True))
    assert max(scores, key=lambda colour: scores[colour]) == "blue"
    assert scores["blue"] > 0.9
    assert scores["red"] < 0.1
    assert all(0 <= one.score <= 1 and one.why == "" for one in judgements)
    for colour, together in scores.items():
        [alone] = reranker.judge(BLUE_CAR, candidates([plain(colour)]))
        assert alone.score == together


def test_both_protocols_give_the_share_of_the_answer_yes():
    query = Query(text="a blue and white car")
    with ModelServer("vllm") as vllm, ModelServer("llama") as llama:
        scores = [
            [one.score for one in judged(reranker_of(server), query)] for server in (vllm, llama)
        ]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)
    assert any(0.6 < score < 0.8 for score in scores[0])


def test_a_question_may_be_a_picture_with_words_or_without(server):
    reranker = reranker_of(server)
    for query in (Query(image=plain("green")), Query(text="green", image=plain("green"))):
        scores = [one.score for one in judged(reranker, query)]
        assert scores.index(max(scores)) == list(COLOURS).index("green")
    with pytest.raises(ModelError, match="words, a picture, or both"):
        judged(reranker, Query())


def test_pictures_are_within_the_token_budget(server):
    reranker_of(server).judge(Query(text="blue"), candidates([plain("blue", 1080, 1920)]))
    assert server.seen[-1].size == (672, 384)


def test_no_candidates_are_no_judgements_and_no_request(server):
    assert reranker_of(server).judge(Query(text="blue"), []) == []
    assert server.paths == []


def test_the_server_is_asked_for_when_it_is_needed_and_tested_once(server):
    reranker = reranker_of(server)
    assert server.paths == []
    judged(reranker)
    asked = len(server.prompts)
    judged(reranker)
    assert len(server.prompts) - asked == len(COLOURS) < asked


def test_threads_that_ask_at_once_test_it_once(server):
    judged(reranker_of(server))
    once = len(server.prompts)
    reranker = reranker_of(server)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: judged(reranker), range(4)))
    assert len(server.prompts) - once == once + 3 * len(COLOURS)


def test_the_model_server_comes_with_its_reranker_where_one_is_set(server):
    at = {"url": server.url, "reranker_url": server.url, "protocol": server.protocol}
    model = load_model(ModelSettings.model_validate({"name": "server", "server": at}))
    assert model.reranker is not None
    assert judged(model.reranker)[list(COLOURS).index("blue")].score > 0.9
    alone = {"url": server.url, "protocol": server.protocol}
    assert (
        load_model(ModelSettings.model_validate({"name": "server", "server": alone})).reranker
        is None
    )


# The prompt


def test_the_prompt_of_a_llama_server_is_the_models_own():
    with ModelServer("llama") as server:
        reranker_of(server).judge(BLUE_CAR, candidates([plain("blue")]))
        [seen] = [prompt for prompt in server.prompts if "car" in prompt.text]
    whole = "".join(
        piece if isinstance(piece, str) else "\ufffc"
        for piece in reranking_prompt(Content("a blue car"), Content(picture=b"PNG"))
    )
    assert seen.text == whole.split("<Query>:")[1].replace("\n<Document>:", "\n") + END
    assert whole == rendered("a blue car", "\ufffc")


def rendered(query: str, document: str) -> str:
    """The template for vLLM, rendered as transformers renders templates."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        messages=[{"role": "query", "content": query}, {"role": "document", "content": document}]
    )


def test_the_template_for_vllm_gives_the_models_own_prompt():
    assert rendered("a blue car", "\ufffc") == (
        "<|im_start|>system\n"
        "Judge whether the Document meets the requirements based on the Query and the Instruct"
        ' provided. Note that the answer can only be "yes" or "no".<|im_end|>\n'
        "<|im_start|>user\n"
        "<Instruct>: Given a search query, retrieve relevant candidates that answer the query."
        "<Query>:a blue car\n<Document>:\ufffc<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


# What is wrong with it


@pytest.mark.parametrize(
    ("fault", "symptom"),
    [
        (Fault.NO_RANK_HEAD, Symptom.SAME_SCORES),
        (Fault.LOGITS, Symptom.NO_PROBABILITY),
        (Fault.CAPTIONS_EXCHANGED, Symptom.WRONG_TEXT),
        (Fault.PICTURES_DROPPED, Symptom.SAME_PICTURE_SCORES),
        (Fault.PICTURES_ALIKE, Symptom.SAME_PICTURE_SCORES),
    ],
)
def test_what_fails_in_silence_is_found_before_the_first_use(server, fault, symptom):
    server.faults = {fault}
    reranker = reranker_of(server)
    sentence = refusal(reranker)
    remedies = {"vllm": VLLM_REMEDIES, "llama": LLAMA_REMEDIES}[server.protocol]
    assert sentence == f"The model server at {server.url} {symptom}: {remedies[symptom]}."
    server.faults = set()
    assert len(judged(reranker)) == len(COLOURS), "asked again once it is mended"


def test_a_server_that_only_embeds_says_so():
    with ModelServer("llama", faults={Fault.NO_RERANKING}) as server:
        assert "Start it with `--reranking`" in refusal(reranker_of(server))


def test_a_server_that_is_down_is_told_with_its_setting():
    with ModelServer() as server:
        pass
    assert "correct model.server.reranker_url" in refusal(reranker_of(server))


def test_a_model_that_is_not_there_is_told_with_its_setting(server):
    sentence = refusal(reranker_of(server, reranker_model="other"))
    assert "has no model other, but toy: set model.server.reranker_model" in sentence


def test_a_server_that_was_started_again_with_another_model_is_noticed(server):
    reranker = reranker_of(server)
    judged(reranker)
    server.model = "another"
    assert "no longer has the model toy" in refusal(reranker)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.LOGITS, "no number from 0 to 1"),
        (Fault.BROKEN, "status 500"),
        (Fault.NO_JSON, "no JSON"),
        (Fault.OTHER_JSON, "a form that is not known"),
    ],
)
def test_what_goes_wrong_later_is_one_sentence_too(server, fault, said):
    reranker = reranker_of(server)
    judged(reranker)
    server.faults = {fault}
    assert said in refusal(reranker)


def test_without_an_address_the_setting_is_named():
    with pytest.raises(ModelError, match=r"needs model\.server\.reranker_url"):
        load_reranker(ModelSettings(), "server")
