"""What Qwen3-VL reads: the words of its prompt as tokens, and where each token stands."""

import inspect
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
pytest.importorskip("transformers", reason="the extra `models` is not installed")

from transformers import AutoTokenizer, Qwen3VLModel  # noqa: E402

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.qwen3_vl.pictures import run, still  # noqa: E402
from mmrag_video.models.qwen3_vl.prompts import PICTURE, RUN, Prompts, words  # noqa: E402
from mmrag_video.models.qwen3_vl.readings import (  # noqa: E402
    Placeholders,
    Reading,
    reading,
    split,
)
from mmrag_video.models.qwen3_vl.wording import punctuated  # noqa: E402
from tests.checkpoints import write_qwen3_vl  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return write_qwen3_vl(tmp_path_factory.mktemp("qwen") / "tiny")


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


@pytest.fixture(scope="module")
def prompts(tokenizer, folder) -> Prompts:
    return Prompts(tokenizer, folder)


@pytest.fixture(scope="module")
def placeholders(prompts) -> Placeholders:
    return Placeholders(prompts.token("<|image_pad|>"), prompts.token("<|video_pad|>"))


def test_a_prompt_is_the_system_and_the_user_and_the_start_of_the_answer(prompts, tokenizer):
    written = tokenizer.convert_tokens_to_ids(
        [
            *("<|im_start|>", "system", "Ċ", *"Find", ".", "<|im_end|>", "Ċ"),
            *("<|im_start|>", "user", "Ċ", "<|vision_start|>", "<|image_pad|>", "<|vision_end|>"),
            *(*"cars", "<|im_end|>", "Ċ", "<|im_start|>", "assistant", "Ċ"),
        ]
    )
    assert prompts.tokens("Find.", [PICTURE, words("cars")]).tolist() == written


@pytest.mark.parametrize(
    ("instruction", "given"),
    [
        ("Represent the user's input.", "Represent the user's input."),
        ("Find it", "Find it."),
        ("  Find it \n", "Find it."),
        ("Find it!", "Find it!"),
        ("查找图像。", "查找图像。"),
        ("Find +", "Find +."),
    ],
)
def test_an_instruction_ends_in_punctuation(instruction, given):
    assert punctuated(instruction) == given


def marks(prompts: Prompts, tokenizer, times: list[Fraction]) -> list[str]:
    """The prompt of a run, token by token between the user's name and the end of the turn."""
    tokens = tokenizer.convert_ids_to_tokens(prompts.tokens("Find.", [RUN], times))
    start = tokens.index("user") + 2
    return tokens[start : tokens.index("<|im_end|>", start)]


def test_each_two_frames_of_a_run_have_the_middle_of_their_times(prompts, tokenizer):
    found = marks(prompts, tokenizer, [Fraction(second, 2) for second in range(4)])
    seen = ["<|vision_start|>", "<|video_pad|>", "<|vision_end|>"]
    assert found == [*"<0.2", "Ġ", *"seconds>", *seen, *"<1.2", "Ġ", *"seconds>", *seen]


def test_an_odd_frame_has_its_own_time(prompts, tokenizer):
    found = marks(prompts, tokenizer, [Fraction(0), Fraction(1), Fraction(37, 10)])
    assert found.count("<|video_pad|>") == 2
    assert "".join(found).endswith("<3.7Ġseconds><|vision_start|><|video_pad|><|vision_end|>")


def test_a_folder_without_a_template_gets_qwens_own(folder, tokenizer, prompts):
    bare = AutoTokenizer.from_pretrained(folder)
    bare.chat_template = None
    asked = ("Find.", [RUN, PICTURE, words("cars")], [Fraction(0), Fraction(1)])
    assert np.array_equal(Prompts(bare, folder).tokens(*asked), prompts.tokens(*asked))


def test_the_processors_template_goes_before_the_tokenizers(tokenizer, tmp_path):
    template = "{% for turn in messages %}{{ turn.role }}{% endfor %}"
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    tokens = Prompts(tokenizer, tmp_path).tokens("Find.", [PICTURE])
    assert tokenizer.convert_ids_to_tokens(tokens) == ["system", "user"]


# Where each token stands


def as_transformers_has_it(folder: Path, one: Reading, placeholders: Placeholders) -> np.ndarray:
    network = Qwen3VLModel._from_config(Qwen3VLModel.config_class.from_pretrained(folder))
    tokens = torch.from_numpy(one.tokens)[None]
    kinds = (tokens == placeholders.picture) + 2 * (tokens == placeholders.run)
    grids = {
        "image_grid_thw": [patches.grid for patches in one.pictures],
        "video_grid_thw": [patches.grid for patches in one.runs],
    }
    named = {name: torch.tensor(found) for name, found in grids.items() if found}
    # Since transformers 5 it asks to be told which tokens are seen.
    if "mm_token_type_ids" in inspect.signature(network.get_rope_index).parameters:
        named["mm_token_type_ids"] = kinds
    positions, _ = network.get_rope_index(tokens, **named)
    return positions[:, 0].numpy()


@pytest.mark.parametrize(
    ("pictures", "frames"),
    [([], 0), ([(90, 160)], 0), ([(33, 500), (200, 100)], 0), ([], 4), ([(64, 64)], 5)],
)
def test_every_token_stands_where_transformers_puts_it(
    folder, prompts, placeholders, pictures, frames
):
    seen = [still(np.zeros((*shape, 3), np.uint8), 64) for shape in pictures]
    runs = [run([np.zeros((96, 128, 3), np.uint8)] * frames)] if frames else []
    parts = [RUN] * bool(frames) + [PICTURE for _ in seen] + [words("two people")]
    tokens = prompts.tokens("Find.", parts, [Fraction(number) for number in range(frames)])
    one = reading(tokens, placeholders, lambda whole: whole, seen, runs)
    assert np.array_equal(one.positions, as_transformers_has_it(folder, one, placeholders))


def test_a_reading_taken_apart_is_the_same_put_together(prompts, placeholders):
    seen = [still(np.zeros((90, 160, 3), np.uint8), 64), still(np.ones((64, 64, 3), np.uint8), 64)]
    whole = reading(prompts.tokens("Find.", [PICTURE] * 2), placeholders, lambda all_: all_, seen)
    start, rest = split(whole, 50, 1)
    assert np.array_equal(np.concatenate([start.tokens, rest.tokens]), whole.tokens)
    assert np.array_equal(
        np.concatenate([start.positions, rest.positions], axis=1), whole.positions
    )
    assert (*start.pictures, *rest.pictures) == whole.pictures


def test_an_instruction_that_leaves_the_picture_no_room_is_refused(prompts, placeholders):
    seen = [still(np.zeros((90, 160, 3), np.uint8), 64)]
    tokens = prompts.tokens("Find the red car. " * 10, [PICTURE])
    with pytest.raises(ModelError, match=r"shorten model\.query_instruction"):
        reading(tokens, placeholders, lambda whole: whole[:100], seen)
