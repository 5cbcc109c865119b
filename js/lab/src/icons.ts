/** The icon of the panel and the docks: a small net with two tied cells lit. */

import { LabIcon } from "@jupyterlab/ui-components";

const PARAMETERS = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M4 3h16a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zm1 2v4h4V5zm5.5 0v4h4V5zM16 5v4h3V5zM5 10.500v4h4v-4zm11 0v4h3v-4zM5 16v3h4v-3zm5.5 0v3h4v-3z"/>
  </g>
</svg>`;

export const parametersIcon = new LabIcon({ name: "paramwidget:parameters", svgstr: PARAMETERS });
