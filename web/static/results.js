// The results by keyboard and pointer. Without this module each card is a link, and so is each frame.

import { currentCard, handleKeys } from "./results/keys.js";
import { attendStrips } from "./results/strip.js";
import { awaitSecondLook } from "./results/second_look.js";

const strips = attendStrips(document);
handleKeys(strips);
awaitSecondLook(currentCard);
