"""The model `server`: embeddings over HTTP, against a stand-in that fails as real servers do."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image as Pillow

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Embedder, Query
from mmrag_video.models.qwen3_vl.wording import punctuated
from mmrag_video.models.registry import load_model
from mmrag_video.models.server.llama import REMEDIES as LLAMA_REMEDIES
from mmrag_video.models.server.protocol import Symptom
from mmrag_video.models.server.self_test import PICTURES, expected_dimensions
from mmrag_video.models.server.vllm import REMEDIES as VLLM_REMEDIES
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import KeepReason, Movement, SampledFrame
from tests.model_server import END, ModelServer, Refused
from tests.toy_model import COLOURS, DIMENSIONS, Fault

PROTOCOLS = ("vllm", "llama")
FRAME_PROMPT = (
    "<|im_start|>system\nRepresent the user's input.<|im_end|>\n"
    "<|im_start|>user\n\ufffc<|im_end|>\n"
    f"<|im_start|>assistant\n{END}"
)
QUERY_PROMPT = (
    "<|im_start|>system\nRetrieve images or text relevant to the user's query.<|im_end|>\n"
    "<|im_start|>user\na blue car<|im_end|>\n"
    f"<|im_start|>assistant\n{END}"
)


@pytest.fixture(params=PROTOCOLS)
def server(request) -> Iterator[ModelServer]:
    with ModelServer(request.param) as server:
        yield server


def embedder_of(server: ModelServer, **settings: object) -> Embedder:
    return load_model(settings_for(server, **settings)).embedder


def settings_for(
    server: ModelServer, time_limit: float = 20, model: str | None = None, **settings: object
) -> ModelSettings:
    at = {"url": server.url, "protocol": server.protocol, "time_limit": time_limit, "model": model}
    return ModelSettings.model_validate({"name": "server", "server": at, **settings})


def refusal(server: ModelServer, **settings: object) -> str:
    with pytest.raises(ModelError) as caught:
        embedder_of(server, **settings)
    return one_sentence(caught.value)


def one_sentence(error: ModelError) -> str:
    sentence = str(error)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def plain(colour: str, height: int = 96, width: int = 160) -> Image:
    return np.full((height, width, 3), COLOURS[colour], dtype=np.uint8)


def frame(image: Image) -> SampledFrame:
    still = Movement(area=0.0, box=None)
    return SampledFrame(Fraction(0), Fraction(1), KeepReason.FIRST, image, still)


# What it gives


def test_frames_are_found_by_words_that_name_what_is_on_them(server):
    embedder = embedder_of(server)
    found = embedder.embed_frames([frame(plain(colour)) for colour in ("red", "blue", "white")])
    vectors = np.stack([one.vector for one in found])
    query = embedder.embed_query(Query(text="a blue car"))
    assert int(np.argmax(vectors @ query)) == 1
    assert embedder.dimensions == DIMENSIONS
    assert not found[0].facts
    for vector in (*vectors, query):
        assert vector.dtype == np.float32
        assert vector.shape == (DIMENSIONS,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_the_prompts_are_those_that_the_model_learned_with(server):
    embedder = embedder_of(server)
    embedder.embed_frames([frame(plain("red"))])
    assert server.prompts[-1].text == FRAME_PROMPT
    embedder.embed_query(Query(text="a blue car"))
    assert server.prompts[-1].text == QUERY_PROMPT
    embedder.embed_query(Query(text="a blue car", image=plain("blue")))
    assert server.prompts[-1].text == QUERY_PROMPT.replace("a blue car", "\ufffca blue car")


def test_instructions_are_the_settings_with_a_stop_at_their_end(server):
    embedder = embedder_of(server, query_instruction="Find it", frame_instruction=" Look! ")
    embedder.embed_frames([frame(plain("red"))])
    assert "system\nLook!<|im_end|>" in server.prompts[-1].text
    embedder.embed_query(Query(text="a car"))
    assert "system\nFind it.<|im_end|>" in server.prompts[-1].text
    assert punctuated("看图。") == "看图。"


def test_a_query_may_be_words_a_picture_or_both(server):
    embedder = embedder_of(server)
    red, blue = (
        found.vector for found in embedder.embed_frames([frame(plain(c)) for c in ("red", "blue")])
    )
    picture = embedder.embed_query(Query(image=plain("red")))
    assert picture @ red > 0.99 > picture @ blue
    both = embedder.embed_query(Query(text="blue", image=plain("red")))
    assert both @ red == pytest.approx(both @ blue, abs=0.01)
    with pytest.raises(ModelError, match="words, a picture, or both"):
        embedder.embed_query(Query())


def test_pictures_arrive_unharmed_and_within_the_token_budget(server):
    noise = np.random.default_rng(1).integers(0, 256, (96, 160, 3), dtype=np.uint8)
    large = np.random.default_rng(2).integers(0, 256, (540, 960, 3), dtype=np.uint8)
    embedder_of(server, batch=1, frame_tokens=64).embed_frames([frame(noise), frame(large)])
    as_it_is, scaled = server.seen[-2:]
    assert np.array_equal(np.asarray(as_it_is), noise)
    assert scaled.size == (320, 192)


def test_a_frame_alone_has_the_vector_it_has_among_others(server):
    embedder = embedder_of(server, batch=3)
    frames = [frame(plain(colour)) for colour in COLOURS]
    together = embedder.embed_frames(frames)
    for one, found in zip(frames, together, strict=True):
        [alone] = embedder.embed_frames([one])
        assert np.array_equal(alone.vector, found.vector)
    assert embedder.embed_frames([]) == []


def test_a_batch_is_asked_for_at_once_and_no_more_than_that():
    lock, together = threading.Lock(), threading.Barrier(3, timeout=10)
    under_way, most = 0, 0

    def meanwhile() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait()  # broken, and so an error, unless three arrive at the same time
        with lock:
            under_way -= 1

    with ModelServer() as server:
        embedder = embedder_of(server, batch=3)
        server.meanwhile = meanwhile
        embedder.embed_frames([frame(plain("red"))] * 9)
    assert most == 3


def test_threads_may_ask_at_once(server):
    embedder = embedder_of(server)
    texts = [f"a {colour} car {n}" for n in range(4) for colour in COLOURS]
    expected = [embedder.embed_query(Query(text=text)) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: embedder.embed_query(Query(text=text)), texts))
    assert np.array_equal(found, expected)


# What it is known by


def test_the_identity_is_what_changes_vectors_as_far_as_a_server_tells(server):
    identity = embedder_of(server).identity
    assert identity["protocol"] == server.protocol
    assert identity["model"] == "toy"
    for changed in (
        {"frame_tokens": 64},
        {"frame_instruction": "Look."},
        {"query_instruction": "Look."},
    ):
        assert embedder_of(server, **changed).identity != identity
    assert embedder_of(server, frame_instruction="Represent the user's input").identity == identity
    server.model = "another"
    assert embedder_of(server).identity != identity


def test_a_model_that_says_so_has_prefixes_that_are_vectors_too(server):
    assert embedder_of(server).shortest_prefix is None
    server.model = "models/Qwen3-VL-Embedding-4B.Q8_0.gguf"
    assert embedder_of(server).shortest_prefix == 64


def test_the_model_asked_for_is_the_one_in_the_settings(server):
    assert embedder_of(server, model="toy").identity["model"] == "toy"
    sentence = refusal(server, model="other")
    assert "has no model other, but toy: set model.server.model" in sentence
    server.model = ""
    assert "has no model: start it with one" in refusal(server)


def test_an_address_with_the_version_of_the_api_is_one_too(server):
    at = {"url": f"{server.url}/v1/", "protocol": server.protocol}
    settings = ModelSettings.model_validate({"name": "server", "server": at})
    assert load_model(settings).embedder.dimensions == DIMENSIONS


def test_a_llama_server_from_before_it_took_parts_is_asked_in_its_own_form():
    with ModelServer("llama") as new, ModelServer("llama", faults={Fault.OLD_VERSION}) as old:
        newer, older = embedder_of(new), embedder_of(old)
        query = Query(text="blue", image=plain("red"))
        assert np.array_equal(newer.embed_query(query), older.embed_query(query))
        assert old.prompts[-1].text == new.prompts[-1].text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (500, '"prompt" elements must be a string, a list of tokens, or a mixed list'),
        (400, "Invalid input"),
        (422, "Invalid input"),
    ],
)
def test_a_llama_server_that_names_a_marker_of_its_own_is_asked_with_that(status, said):
    with ModelServer("llama") as server:
        parts = server.answer

        def refuse_parts(path: str, body: object) -> object:
            if isinstance(body, dict) and "content" in body.get("input", [{}])[0]:
                raise Refused(status, said)
            return parts(path, body)

        server.answer = refuse_parts  # type: ignore[method-assign]
        embedder_of(server).embed_frames([frame(plain("red"))])
        assert server.prompts[-1].text == FRAME_PROMPT


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.BROKEN, "failed with status 500 (CUDA out of memory)"),
        (Fault.LOADING, "is not ready yet (status 503)"),
        (Fault.KEY_WANTED, "refused the key (status 401)"),
        (Fault.SLOW, "did not answer in time"),
        (Fault.NO_JSON, "it sent no JSON"),
    ],
)
def test_a_llama_server_that_cannot_answer_is_not_asked_in_another_form(fault, said):
    with ModelServer("llama") as server:
        answer = server.answer

        def fail_after_the_list(path: str, body: object) -> object:
            server.faults = set() if path == "/v1/models" else {fault}
            return answer(path, body)

        server.answer = fail_after_the_list  # type: ignore[method-assign]
        assert said in refusal(server, time_limit=0.3)
        assert server.paths == ["/v1/models", "/embeddings"]


# What is wrong with it


@pytest.mark.parametrize(
    ("fault", "symptom"),
    [
        (Fault.PICTURES_DROPPED, Symptom.SAME_VECTORS),
        (Fault.PICTURES_ALIKE, Symptom.SAME_VECTORS),
        (Fault.TOKEN_VECTORS, Symptom.TOKEN_VECTORS),
        (Fault.NOT_A_NUMBER, Symptom.NO_NUMBERS),
        (Fault.ZEROS, Symptom.NO_DIRECTION),
        (Fault.NOT_UNIT, Symptom.NOT_UNIT),
        (Fault.CAPTIONS_EXCHANGED, Symptom.WRONG_CAPTION),
    ],
)
def test_what_fails_in_silence_is_found_before_the_first_use(server, fault, symptom):
    server.faults = {fault}
    sentence = refusal(server)
    remedies = {"vllm": VLLM_REMEDIES, "llama": LLAMA_REMEDIES}[server.protocol]
    assert sentence == f"The model server at {server.url} {symptom}: {remedies[symptom]}."


def test_a_picture_without_effect_is_found_where_another_has_one(server):
    """The first drawn picture is left out, the second is not."""
    embedding = server.embedding
    first = PICTURES[0].content.picture
    assert first is not None
    dropped = np.asarray(Pillow.open(io.BytesIO(first)))

    def without_the_first(prompt):
        kept = [one for one in prompt.pictures if not np.array_equal(np.asarray(one), dropped)]
        text = prompt.text if kept else prompt.text.replace("\ufffc", "")
        return embedding(type(prompt)(text, tuple(kept)))

    server.embedding = without_the_first
    assert str(Symptom.UNSEEN_PICTURE) in refusal(server)


def test_a_model_has_the_dimensions_that_its_name_promises(server):
    server.model = "Qwen/Qwen3-VL-Embedding-2B"
    assert f"gives vectors of {DIMENSIONS} dimensions instead of 2048" in refusal(server)
    assert expected_dimensions("/models/qwen3-vl-embedding-8b-q4_k_m.gguf") == 4096
    assert expected_dimensions("clip") is None


@pytest.mark.parametrize("remedies", [VLLM_REMEDIES, LLAMA_REMEDIES], ids=PROTOCOLS)
def test_there_is_a_way_to_mend_every_symptom(remedies):
    assert set(remedies) == set(Symptom)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.BROKEN, "failed with status 500 (CUDA out of memory)"),
        (Fault.NO_JSON, "it sent no JSON"),
        (Fault.OTHER_JSON, "answers in a form that is not known: set model.server.protocol"),
        (Fault.SLOW, "did not answer in time"),
    ],
)
def test_a_server_that_does_not_answer_as_it_should_is_one_sentence(server, fault, said):
    server.faults = {fault}
    sentence = refusal(server, time_limit=0.3)
    assert said in sentence
    assert "model.server" in sentence or "log" in sentence


def test_a_server_of_the_other_protocol_is_told_by_the_setting():
    with ModelServer("vllm") as server:
        server.protocol = "llama"
        settings = settings_for(server)
        server.protocol = "vllm"
        with pytest.raises(ModelError, match=r"knows no /embeddings .* correct model\.server\.url"):
            load_model(settings)


def test_a_server_that_is_down_is_told_with_its_address():
    with ModelServer() as server:
        pass
    assert f"at {server.url} cannot be reached" in refusal(server)
    assert "correct model.server.url" in refusal(server)


def test_a_server_that_was_started_again_with_another_model_is_noticed(server):
    embedder = embedder_of(server)
    server.model = "another"
    for ask in (
        lambda: embedder.embed_frames([frame(plain("red"))]),
        lambda: embedder.embed_query(Query(text="red")),
    ):
        with pytest.raises(ModelError, match="no longer has the model toy: start it with toy, or"):
            ask()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.OTHER_DIMENSIONS, f"vectors of {DIMENSIONS - 1} dimensions instead of {DIMENSIONS}"),
        (Fault.NOT_A_NUMBER, "no numbers (NaN)"),
        (Fault.ZEROS, "nothing but zeros"),
        (Fault.TOKEN_VECTORS, "a vector for each token"),
        (Fault.BROKEN, "status 500"),
    ],
)
def test_what_goes_wrong_later_is_one_sentence_too(server, fault, said):
    embedder = embedder_of(server)
    server.faults = {fault}
    with pytest.raises(ModelError) as caught:
        embedder.embed_frames([frame(plain(colour)) for colour in COLOURS])
    assert said in one_sentence(caught.value)
    server.faults = set()
    assert len(embedder.embed_frames([frame(plain("red"))])) == 1


def test_vectors_that_a_server_has_rounded_are_of_unit_length_again(server):
    embedder = embedder_of(server)
    embedding = server.embedding
    server.embedding = lambda prompt: embedding(prompt) * 1.003
    [found] = embedder.embed_frames([frame(plain("red"))])
    assert np.linalg.norm(found.vector) == pytest.approx(1, abs=1e-6)


def test_without_an_address_the_setting_is_named():
    with pytest.raises(ModelError, match=r"needs model\.server\.url"):
        load_model(ModelSettings(name="server"))
