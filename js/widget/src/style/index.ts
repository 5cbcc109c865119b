/** All stylesheets as one text, for the shadow root. */

import controls from "../controls/controls.css";
import heatmap from "../heatmap/heatmap.css";
import journal from "../journal/journal.css";
import panel from "../panel/panel.css";
import tree from "../tree/tree.css";
import base from "./base.css";
import shell from "./shell.css";
import tokens from "./tokens.css";

export const stylesheet = [tokens, base, shell, tree, journal, heatmap, panel, controls].join("\n");
